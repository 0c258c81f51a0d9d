package io.tenantdb.operator;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The workers, one a resource. Thread-safe. */
final class Workers {
  private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

  private final Supplier<Passes> passes;
  private final WorkerListener listener;
  private final InstantSource clock;
  private final Map<ResourceKey, Worker> workers = new HashMap<>();
  private boolean stopped;

  Workers(Supplier<Passes> passes, WorkerListener listener, InstantSource clock) {
    this.passes = passes;
    this.listener = listener;
    this.clock = clock;
  }

  /** The worker of a resource, made when it is first asked for; empty once all are stopped. */
  synchronized Optional<Worker> of(ResourceKey resource, Supplier<Memory> memory) {
    if (stopped) {
      return Optional.empty();
    }
    return Optional.of(
        workers.computeIfAbsent(
            resource,
            key ->
                new Worker(
                    key,
                    passes.get(),
                    memory.get(),
                    listener,
                    clock,
                    () -> ThreadLocalRandom.current().nextDouble())));
  }

  /** The resource is gone: its work is cancelled, and what it made stays. Returns at once. */
  void remove(ResourceKey resource) {
    Optional<Worker> gone;
    synchronized (this) {
      gone = Optional.ofNullable(workers.remove(resource));
    }
    gone.ifPresent(
        worker ->
            new Thread(
                    () -> {
                      worker.close();
                      end(List.of(worker), Duration.ZERO, Duration.ofMinutes(1));
                    },
                    "stop-" + resource)
                .start());
  }

  /**
   * Stops all workers: nothing more is started; what runs may end by itself for half of the time,
   * and is cancelled then. What a cancelled build leaves is finished or removed by the next pass.
   */
  void stop(Duration grace) {
    List<Worker> all;
    synchronized (this) {
      stopped = true;
      all = new ArrayList<>(workers.values());
      workers.clear();
    }
    all.forEach(Worker::close);
    Duration half = grace.dividedBy(2);
    end(all, half, half);
  }

  private static void end(List<Worker> workers, Duration patience, Duration afterCancelling) {
    try {
      List<Worker> busy = await(workers, patience);
      busy.forEach(Worker::cancel);
      await(busy, afterCancelling)
          .forEach(worker -> LOG.warn("A statement did not end in time; its session is closed"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      workers.forEach(Worker::disconnect);
    }
  }

  /** Those that still run when the time is over. */
  private static List<Worker> await(List<Worker> workers, Duration patience)
      throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    List<Worker> busy = new ArrayList<>();
    for (Worker worker : workers) {
      if (!worker.awaitIdle(Duration.ofNanos(Math.max(0, end - System.nanoTime())))) {
        busy.add(worker);
      }
    }
    return busy;
  }
}

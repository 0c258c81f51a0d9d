package io.tenantdb.operator;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes notices as events of {@code events.k8s.io/v1}, on a thread of its own: an API server that
 * is slow or away never holds up a worker. The same words about the same resource are written once
 * in ten minutes.
 */
final class Events implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Events.class);
  private static final Duration SILENCE = Duration.ofMinutes(10);
  private static final int REMEMBERED = 1000;
  private static final int WAITING = 1000;
  private static final int NOTE = 1000;
  private static final String CONTROLLER = "tenantdb.io/operator";
  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final KubernetesClient client;
  private final String instance;
  private final InstantSource clock;
  private final AtomicLong number = new AtomicLong();
  private final ExecutorService writer =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING),
          task -> new Thread(task, "events"));
  private final Map<Said, Instant> said =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Said, Instant> eldest) {
          return size() > REMEMBERED;
        }
      };

  private record Said(ResourceKey resource, Notice notice) {}

  /**
   * Of one process.
   *
   * @param instance names this process in the events
   */
  Events(KubernetesClient client, String instance, InstantSource clock) {
    this.client = client;
    this.instance = instance;
    this.clock = clock;
  }

  /** Writes them soon; returns at once. */
  void publish(ResourceKey resource, List<Notice> notices) {
    for (Notice notice : notices) {
      LOG.info("{}: {}", notice.reason(), notice.message());
      if (fresh(new Said(resource, notice))) {
        try {
          writer.execute(() -> write(resource, notice));
        } catch (RejectedExecutionException e) {
          LOG.debug("No event is written: too many wait, or the operator stops");
        }
      }
    }
  }

  private boolean fresh(Said saying) {
    synchronized (said) {
      Instant now = clock.instant();
      Instant before = said.get(saying);
      if (before != null && now.isBefore(before.plus(SILENCE))) {
        return false;
      }
      said.put(saying, now);
      return true;
    }
  }

  private void write(ResourceKey resource, Notice notice) {
    try {
      client
          .events()
          .v1()
          .events()
          .inNamespace(resource.namespace())
          .resource(event(resource, notice))
          .create();
    } catch (KubernetesClientException e) {
      LOG.warn("An event of {} could not be written: {}", resource, e.getMessage());
    }
  }

  private Event event(ResourceKey resource, Notice notice) {
    Instant now = clock.instant();
    long unique = now.toEpochMilli() * 1000 + number.getAndIncrement() % 1000;
    return new EventBuilder()
        .withNewMetadata()
        .withNamespace(resource.namespace())
        .withName(resource.name() + "." + Long.toHexString(unique))
        .endMetadata()
        .withEventTime(new MicroTime(MICROS.format(now)))
        .withType(notice.severity().type())
        .withReason(notice.reason().name())
        .withNote(Texts.cut(notice.message(), NOTE))
        .withAction("Reconcile")
        .withReportingController(CONTROLLER)
        .withReportingInstance(instance)
        .withRegarding(
            new ObjectReferenceBuilder()
                .withApiVersion(HasMetadata.getApiVersion(TenantDatabase.class))
                .withKind(HasMetadata.getKind(TenantDatabase.class))
                .withNamespace(resource.namespace())
                .withName(resource.name())
                .withUid(resource.uid())
                .build())
        .build();
  }

  /** Writes what waits, for a few seconds at most. */
  @Override
  public void close() {
    writer.shutdown();
    try {
      if (!writer.awaitTermination(2, TimeUnit.SECONDS)) {
        writer.shutdownNow();
      }
    } catch (InterruptedException e) {
      writer.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}

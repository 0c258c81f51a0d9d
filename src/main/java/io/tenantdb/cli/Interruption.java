package io.tenantdb.cli;

import io.tenantdb.fleet.Gate;
import io.tenantdb.model.Reason;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ctrl-C while applying: no further change starts, the running statements are cancelled, and the
 * process waits for the pass to say what is left.
 */
final class Interruption implements AutoCloseable {
  private static final long GRACE_SECONDS = 20;

  private final AtomicBoolean interrupted = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Runnable cancel;
  private final Runnable farewell;
  private final Thread hook = new Thread(this::interrupt, "tenantdb-interrupted");

  /**
   * @param cancel cancels what runs
   * @param farewell says how far it came
   */
  Interruption(Runnable cancel, Runnable farewell) {
    this.cancel = cancel;
    this.farewell = farewell;
  }

  /** From now on, until closed. */
  Interruption arm() {
    Runtime.getRuntime().addShutdownHook(hook);
    return this;
  }

  /** Open until the interruption. */
  Gate gate() {
    return change -> interrupted.get() ? Optional.of(Reason.Interrupted) : Optional.empty();
  }

  /** What the shutdown hook does. */
  void interrupt() {
    interrupted.set(true);
    cancel.run();
    try {
      // What the cancelled statements left is cleaned in this time, or by the next run.
      if (!ended.await(GRACE_SECONDS, TimeUnit.SECONDS)) {
        cancel.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    farewell.run();
  }

  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      // The hook runs, and has just been told that the pass has ended.
      return;
    }
  }
}

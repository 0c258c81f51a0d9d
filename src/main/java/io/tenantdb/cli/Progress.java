package io.tenantdb.cli;

import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Tells how applying goes on: a bar that is drawn over itself on a terminal; elsewhere lines, about
 * a hundred however many the changes. What fails has always its line.
 */
final class Progress implements PassListener {
  private static final int WIDTH = 30;

  private final PrintWriter out;
  private static final Duration EVERY = Duration.ofSeconds(30);

  private final boolean terminal;
  private final int line;
  private final Map<String, Long> told = new HashMap<>();
  private int total;
  private int ended;
  private int done;
  private int failed;
  private int postponed;

  /**
   * Has told nothing yet.
   *
   * @param columns of the terminal; empty where it is none
   */
  Progress(PrintWriter out, Optional<Integer> columns) {
    this.out = out;
    this.terminal = columns.isPresent();
    // Two less: a line that fills the terminal would go on in the next one.
    this.line = columns.orElse(0) - 2;
  }

  @Override
  public synchronized void planned(Observed observed, Plan plan) {
    total = plan.changes().size();
  }

  @Override
  public synchronized void started(Change change) {
    if (terminal) {
      draw(change.target().schema() + " " + change.object());
    }
  }

  @Override
  public synchronized void progress(BuildProgress progress) {
    String percent =
        progress.percent().isPresent() ? " " + progress.percent().getAsInt() + " %" : "";
    String blocker = progress.blocker().map(by -> ", waits for " + by.text()).orElse("");
    if (terminal) {
      draw(progress.schema() + " " + progress.object() + percent + blocker);
    } else if (progress.blocker().isPresent() && isDue(progress)) {
      line(progress.schema() + " " + progress.object() + percent + blocker);
    }
  }

  /** In a log, a build that waits is told of now and then, not every second. */
  private boolean isDue(BuildProgress progress) {
    long now = System.nanoTime();
    Long before = told.get(progress.schema() + "." + progress.object());
    boolean due = before == null || now - before > EVERY.toNanos();
    if (due) {
      told.put(progress.schema() + "." + progress.object(), now);
    }
    return due;
  }

  @Override
  public synchronized void putOff(ChangeResult result) {
    // Whom one waits for that was not started is told as its progress.
    if (result.reason() != Reason.WaitingForSnapshot) {
      erase();
      line(result.reason() + ": " + result.message());
    }
  }

  @Override
  public synchronized void finished(ChangeResult result) {
    ended++;
    // What a round of changes made possible comes on top of the plan.
    total = Math.max(total, ended);
    switch (result.status()) {
      case DONE -> done++;
      case FAILED -> failed++;
      case POSTPONED -> postponed++;
    }
    String what = result.change().target().schema() + " " + result.change().object();
    if (result.status() != ChangeResult.Status.DONE) {
      erase();
      line(result.reason() + ": " + result.message());
    } else if (!terminal && ended % Math.max(1, total / 100) == 0) {
      line("[%d/%d] %s".formatted(ended, total, what));
    }
    if (terminal) {
      draw(what);
    }
  }

  /** Takes the bar away. */
  synchronized void end() {
    erase();
    out.flush();
  }

  /** {@code 97 changes done, 1 failed, 0 postponed}. */
  synchronized String summary() {
    return "%s done, %d failed, %d postponed"
        .formatted(Text.count(done, "change", "changes"), failed, postponed);
  }

  private void line(String text) {
    out.println(Text.printable(text));
    out.flush();
  }

  private void draw(String what) {
    int filled = total == 0 ? WIDTH : Math.min(WIDTH, WIDTH * ended / total);
    String bar =
        "[%s%s] %d/%d %s"
            .formatted("#".repeat(filled), " ".repeat(WIDTH - filled), ended, total, what);
    erase();
    out.print(Text.cut(bar, line));
    out.flush();
  }

  private void erase() {
    if (terminal) {
      out.print("\r" + " ".repeat(line) + "\r");
    }
  }
}

package io.tenantdb.fleet;

import io.tenantdb.model.Blocker;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Reason;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** What a pass told. */
final class Hearing implements PassListener {
  final List<BuildProgress> progress = new CopyOnWriteArrayList<>();
  final List<ChangeResult> putOff = new CopyOnWriteArrayList<>();
  final List<ChangeResult> finished = new CopyOnWriteArrayList<>();

  @Override
  public void progress(BuildProgress told) {
    progress.add(told);
  }

  @Override
  public void putOff(ChangeResult result) {
    putOff.add(result);
  }

  @Override
  public void finished(ChangeResult result) {
    finished.add(result);
  }

  /** Who was in the way of builds. */
  List<String> blockers() {
    return blockers(told -> true);
  }

  /** Who was in the way of the tenant's builds. */
  List<String> blockers(String schema) {
    return blockers(told -> told.schema().equals(schema));
  }

  private List<String> blockers(Predicate<BuildProgress> which) {
    return progress.stream()
        .filter(which)
        .flatMap(told -> told.blocker().stream())
        .map(Blocker::text)
        .toList();
  }

  boolean wasPutOff(String schema, Reason reason) {
    return putOff.stream()
        .anyMatch(r -> r.change().target().schema().equals(schema) && r.reason() == reason);
  }

  boolean isDone(String schema) {
    return finished.stream()
        .anyMatch(
            r ->
                r.change().target().schema().equals(schema)
                    && r.status() == ChangeResult.Status.DONE);
  }
}

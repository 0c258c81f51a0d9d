package io.tenantdb.operator;

import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Reason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Notices what is worth telling: only when something became so, not while it stays so. Thousands of
 * tenants in the same plight make one notice that names the first. Not thread-safe.
 */
final class Transitions {
  private static final int NAMED = 5;

  private boolean converged;
  private Optional<Reason> problem;
  private Set<Failure.Key> failures;
  private Optional<Set<String>> tenants = Optional.empty();

  Transitions(Memory memory) {
    this.converged = memory.converged();
    this.problem = memory.problem();
    this.failures = keys(memory.failures());
  }

  /** The last pass could not be made. */
  List<Notice> problem(Problem now) {
    boolean told = problem.equals(Optional.of(now.reason()));
    problem = Optional.of(now.reason());
    converged = false;
    return told ? List.of() : List.of(Notice.warning(now.reason(), now.message()));
  }

  /** The tenants that there are. The first time, all are old acquaintances. */
  List<Notice> tenants(Set<String> now) {
    Set<String> before = tenants.orElse(now);
    tenants = Optional.of(new TreeSet<>(now));
    List<Notice> notices = new ArrayList<>();
    Set<String> found = without(now, before);
    if (!found.isEmpty()) {
      notices.add(Notice.normal(Reason.TenantFound, "New tenant schemas: " + names(found) + "."));
    }
    Set<String> released = without(before, now);
    if (!released.isEmpty()) {
      notices.add(
          Notice.normal(
              Reason.Released,
              "No tenant schemas any more, everything in them stays: " + names(released) + "."));
    }
    return notices;
  }

  /** A pass ended. */
  List<Notice> passed(Look look, List<ChangeResult> results) {
    List<Notice> notices = new ArrayList<>();
    corrected(results).ifPresent(notices::add);
    look.failures().stream()
        .filter(failure -> !failures.contains(failure.key()))
        .collect(Collectors.groupingBy(Failure::reason, LinkedHashMap::new, Collectors.toList()))
        .forEach(
            (reason, failed) ->
                notices.add(
                    Notice.warning(
                        reason,
                        Looks.withoutStop(failed.get(0).message())
                            + Looks.more(failed.size() - 1)
                            + ".")));
    if (look.converged() && !converged) {
      notices.add(Notice.normal(Reason.Converged, look.summary()));
    }
    failures = keys(look.failures());
    converged = look.converged();
    problem = Optional.empty();
    return notices;
  }

  private static Optional<Notice> corrected(List<ChangeResult> results) {
    Map<String, List<Change>> mended =
        results.stream()
            .filter(result -> result.status() == ChangeResult.Status.DONE)
            .map(ChangeResult::change)
            .filter(Change::drift)
            .collect(
                Collectors.groupingBy(
                    change -> change.target().schema() + ": " + change.object(),
                    LinkedHashMap::new,
                    Collectors.toList()));
    return mended.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Notice.normal(
                Reason.DriftCorrected, "As declared again: " + names(mended.keySet()) + "."));
  }

  private static String names(Collection<String> names) {
    return names.stream().limit(NAMED).collect(Collectors.joining(", "))
        + Looks.more(names.size() - NAMED);
  }

  private static Set<String> without(Set<String> names, Set<String> others) {
    Set<String> rest = new TreeSet<>(names);
    rest.removeAll(others);
    return rest;
  }

  private static Set<Failure.Key> keys(List<Failure> failures) {
    return failures.stream().map(Failure::key).collect(Collectors.toCollection(HashSet::new));
  }
}

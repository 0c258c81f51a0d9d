package io.tenantdb.operator;

import io.tenantdb.model.Blocker;
import io.tenantdb.model.BuildProgress;
import io.tenantdb.model.Reason;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Notices whom builds wait for: each build and blocker once, and of thousands of builds behind one
 * blocker the first few. Not thread-safe.
 */
final class BlockedBuilds {
  private static final int NAMED = 5;
  private static final int REMEMBERED = 1000;

  private record Who(int pid, Optional<String> gid) {}

  private final Map<Who, Set<Looks.Place>> told =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Who, Set<Looks.Place>> eldest) {
          return size() > REMEMBERED;
        }
      };

  /** What is new of the builds that run or wait now. */
  List<Notice> seen(List<BuildProgress> builds) {
    List<Notice> notices = new ArrayList<>();
    for (BuildProgress build : builds) {
      build
          .blocker()
          .filter(by -> isNew(build, by))
          .ifPresent(by -> notices.add(notice(build, by)));
    }
    return notices;
  }

  private boolean isNew(BuildProgress build, Blocker by) {
    Set<Looks.Place> places =
        told.computeIfAbsent(new Who(by.pid(), by.gid()), who -> new HashSet<>());
    return places.size() < NAMED && places.add(new Looks.Place(build.schema(), build.object()));
  }

  private static Notice notice(BuildProgress build, Blocker by) {
    boolean snapshot = build.phase().contains("snapshot");
    return Notice.warning(
        snapshot ? Reason.WaitingForSnapshot : Reason.Busy,
        "%s: %s waits for %s.".formatted(build.schema(), build.object(), by.text()));
  }
}

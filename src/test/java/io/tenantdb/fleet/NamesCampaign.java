package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.TenantState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Three specs one after the other for one tenant, and what a person does between them. After each:
 * it converges in a few passes, or it is said what a person must do, and that done it converges.
 * What is forbidden is not done meanwhile, and what served goes on serving.
 */
final class NamesCampaign {

  private static final int SPECS = 3;
  private static final int PASSES = 6;
  private static final int REMEDIES = 8;
  private static final Pattern TAKEN = Pattern.compile("the name (\\S+) is taken by an? ([^,;]*)");

  /** Where it happens. */
  interface Site {
    void person(String sql);

    /** Of no aggregate and of no reserved name, with their tables. */
    Map<String, String> publicIndexes();

    Set<String> relations();

    boolean isSequence(String name);

    Set<String> views();

    List<Live> indexes();

    /** One pass; what serves is looked at all the time. */
    Pass pass(Desired desired, Set<Served> serving);
  }

  /** An index that is there. */
  record Live(long oid, String name, String table, String body, boolean valid, String comment) {
    Optional<Mark> mark() {
      return Mark.parse(comment).filter(mark -> mark.table().equals(table));
    }

    boolean isMade() {
      return mark().filter(mark -> mark.origin() == Mark.Origin.MADE).isPresent();
    }
  }

  /** What queries of a declared index go by. */
  record Served(String table, String body) {}

  /**
   * What came of a pass.
   *
   * @param killed the process was, in the midst of it
   */
  record Pass(
      TenantState state,
      List<Finding> findings,
      List<Change> left,
      List<Change> done,
      boolean killed) {}

  private final Random random;
  private final NamesDraw draw;
  private final Site site;
  private final StringBuilder story = new StringBuilder();
  private int persons;
  private int told;
  private int changes;

  NamesCampaign(long seed, Site site) {
    this.random = new Random(seed);
    this.draw = new NamesDraw(random);
    this.site = site;
    story.append("seed ").append(seed).append('\n');
  }

  /** What happened, for people. */
  String story() {
    return story.toString();
  }

  /** How many findings a person had to act on. */
  int told() {
    return told;
  }

  /** How many changes were made. */
  int changes() {
    return changes;
  }

  void run() {
    NamesDraw.Spec spec = draw.spec();
    for (int i = 0; i < SPECS; i++) {
      if (i > 0) {
        for (int m = random.nextInt(3); m > 0; m--) {
          draw.meddling(site.publicIndexes(), site.relations()).forEach(this::person);
        }
        spec =
            switch (random.nextInt(3)) {
              case 0 -> draw.rotated(spec);
              case 1 -> draw.same(spec);
              default -> draw.spec();
            };
      }
      converge(spec);
    }
  }

  private void person(String sql) {
    story.append("person: ").append(sql).append('\n');
    site.person(sql);
  }

  private void converge(NamesDraw.Spec spec) {
    NamesDraw.Spec now = spec;
    for (int remedies = 0; remedies <= REMEDIES; remedies++) {
      story.append(now.yaml());
      Pass last = passes(now);
      if (last.state() == TenantState.SYNCED) {
        converged(now, last);
        return;
      }
      now = remedy(now, last.findings());
    }
    throw new AssertionError("no remedy helps");
  }

  private void converged(NamesDraw.Spec spec, Pass last) {
    assertThat(last.left()).as("what is still to be done").isEmpty();
    Set<String> published =
        site.indexes().stream()
            .filter(index -> !index.name().startsWith(ReservedName.PREFIX))
            .map(Live::name)
            .collect(Collectors.toSet());
    List<String> reserved =
        site.indexes().stream()
            .map(Live::name)
            .filter(name -> name.startsWith(ReservedName.PREFIX))
            // What was set aside under another spec and may not be pruned under this one.
            .filter(name -> spec.prune() || !ReservedName.parse(name).orElseThrow().isAside())
            .toList();
    assertThat(reserved).as("reserved names").isEmpty();
    Desired desired = Fruit.desired(spec.yaml());
    for (DesiredIndex index : desired.indexes()) {
      boolean serves =
          published.contains(index.name())
              || last.findings().stream()
                  .anyMatch(
                      f ->
                          f.reason() == Reason.SatisfiedBy
                              && f.object().equals(index.table() + "." + index.name()));
      assertThat(serves).as(index.name()).isTrue();
    }
    assertThat(site.views())
        .containsAll(desired.aggregates().stream().map(DesiredAggregate::name).toList());
    assertThat(site.pass(desired, Set.of()).done()).as("a pass more").isEmpty();
  }

  /** Passes until nothing is done any more. */
  private Pass passes(NamesDraw.Spec spec) {
    Desired desired = Fruit.desired(spec.yaml());
    Set<Served> serving = serving(desired);
    Map<Long, Live> kept =
        site.indexes().stream()
            .filter(index -> mayNotGo(index, desired, spec))
            .collect(Collectors.toMap(Live::oid, index -> index));
    Pass pass = null;
    int working = 0;
    boolean killed = false;
    for (int i = 0; i < PASSES; i++) {
      pass = site.pass(desired, serving);
      pass.done()
          .forEach(
              change ->
                  story
                      .append("  ")
                      .append(change.kind())
                      .append(' ')
                      .append(change.object())
                      .append('\n'));
      story.append("  = ").append(pass.state()).append('\n');
      if (!spec.correct()) {
        assertThat(pass.done()).as("under Report").noneMatch(Change::drift);
      }
      if (!spec.allow()) {
        assertThat(pass.done()).as("under Deny").noneMatch(c -> c.hazard().destructive());
      }
      changes += pass.done().size();
      working += pass.done().isEmpty() ? 0 : 1;
      killed |= pass.killed();
      assertThat(killed ? 0 : working).as("passes that had work to do").isLessThanOrEqualTo(1);
      if (pass.done().isEmpty() && pass.left().isEmpty()) {
        Map<Long, Live> after =
            site.indexes().stream().collect(Collectors.toMap(Live::oid, index -> index));
        assertThat(after.keySet()).as("%s", kept).containsAll(kept.keySet());
        return pass;
      }
    }
    throw new AssertionError("not at rest after " + PASSES + " passes: " + pass);
  }

  private static boolean mayNotGo(Live index, Desired desired, NamesDraw.Spec spec) {
    if (index.name().startsWith(ReservedName.PREFIX)
        && !ReservedName.parse(index.name()).orElseThrow().isAside()) {
      return false;
    }
    boolean declared =
        desired.indexes().stream()
            .filter(wanted -> wanted.table().equals(index.table()))
            .anyMatch(
                wanted ->
                    wanted.name().equals(index.name())
                        || index.mark().filter(m -> m.name().equals(wanted.name())).isPresent());
    boolean prunes = spec.prune() && spec.allow() && index.isMade();
    return !declared && !prunes && NamesDraw.TABLES.contains(index.table());
  }

  private Set<Served> serving(Desired desired) {
    Set<Served> live = served(site.indexes());
    return desired.indexes().stream()
        .filter(index -> NamesDraw.TABLES.contains(index.table()))
        .map(
            index ->
                new Served(
                    index.table(),
                    NamesCatalog.body(
                            false,
                            index.keys().stream().map(k -> k.column().orElseThrow()).toList())
                        .text()))
        .filter(live::contains)
        .collect(Collectors.toSet());
  }

  static Set<Served> served(List<Live> indexes) {
    return indexes.stream()
        .filter(Live::valid)
        .map(index -> new Served(index.table(), index.body()))
        .collect(Collectors.toSet());
  }

  /** Does what the findings ask a person for, and nothing else. */
  private NamesDraw.Spec remedy(NamesDraw.Spec spec, List<Finding> findings) {
    NamesDraw.Spec now = spec;
    boolean acted = false;
    Map<String, String> done = new HashMap<>();
    for (Finding finding : findings) {
      String said = finding.message();
      switch (finding.verdict()) {
        case FAILED, REFUSED, DRIFTED -> {
          acted = true;
          told++;
          story.append("told: ").append(said).append('\n');
          if (finding.reason() == Reason.DefinitionDiffers) {
            if (done.put(finding.object(), "") == null) {
              person("DROP MATERIALIZED VIEW " + finding.object());
            }
          } else if (said.contains("spec.safety.prune: OwnedOnly and onDestructive: Allow")) {
            now = now.permissive(true, true, false);
          } else if (said.contains("onDestructive: Allow")) {
            now = now.permissive(false, true, false);
          } else if (said.contains("spec.safety.onDrift: Report")) {
            now = now.permissive(false, false, true);
          } else if (finding.reason() == Reason.NameTaken) {
            rename(said, done);
          } else {
            throw new AssertionError("nobody knows what to do: " + said);
          }
        }
        case WAITING, POSTPONED, SKIPPED, NOTE -> {}
      }
    }
    if (!acted) {
      throw new AssertionError("nothing is said: " + findings);
    }
    return now;
  }

  private void rename(String said, Map<String, String> done) {
    Matcher taken = TAKEN.matcher(said);
    if (!taken.find()) {
      throw new AssertionError(said);
    }
    String name = taken.group(1);
    if (done.put(name, "") == null) {
      String what = site.isSequence(name) ? "SEQUENCE" : "INDEX";
      person("ALTER " + what + " " + name + " RENAME TO person_" + persons++);
    }
  }

  static List<Served> lost(Set<Served> serving, List<Live> now) {
    List<Served> lost = new ArrayList<>(new HashSet<>(serving));
    lost.removeAll(served(now));
    return lost;
  }
}

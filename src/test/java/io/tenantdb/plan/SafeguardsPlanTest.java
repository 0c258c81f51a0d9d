package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.OnDrift;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Refusal;
import io.tenantdb.model.Target;
import io.tenantdb.model.TenantState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What {@code spec.safety} makes of changes. */
class SafeguardsPlanTest {

  private static final DesiredIndex IX = World.index("ix", "a");

  private final World world = new World();

  private static List<String> changes(World world) {
    return world.tenantPlan().changes().stream().map(Change::kind).toList();
  }

  @Test
  void aTakeOverIsAConflictThatSaysWhatAllowWouldDo() {
    world.indexes.add(IX);
    Live.named("ix", "b").in(world);

    Finding finding = world.tenantPlan().findings().get(0);

    assertThat(world.plan().refused())
        .extracting(Refusal::reason, r -> r.change().kind())
        .containsExactly(tuple(Reason.Conflict, "ReplaceIndex"));
    assertThat(finding.verdict()).isEqualTo(Finding.Verdict.REFUSED);
    assertThat(finding.reason()).isEqualTo(Reason.Conflict);
    assertThat(finding.message())
        .startsWith("tenant_a: t.ix is there and is not the operator's")
        .contains("spec.safety.onDestructive: Allow")
        .endsWith("(live: btree (b); declared: btree (a)).");
  }

  @Test
  void aDropIsRefusedUnderDenyAndPermittedUnderAllow() {
    Mark mark = new Mark("a/b", "old", "t", "0123456789abcdef", Mark.Origin.MADE, false);
    Change drop = new DropIndex(new Target("tenant_a", "t", "app"), "old", "btree (a)", true, mark);
    Safeguards deny = new Safeguards(new Safety(OnDestructive.DENY, Duration.ZERO, Duration.ZERO));
    Safeguards allow =
        new Safeguards(new Safety(OnDestructive.ALLOW, Duration.ZERO, Duration.ZERO));

    assertThat(deny.withholds(drop))
        .hasValueSatisfying(
            why -> {
              assertThat(why.reason()).isEqualTo(Reason.DestructiveDenied);
              assertThat(why.sentence())
                  .contains("t.old (btree (a)) is not declared any more and would be dropped")
                  .contains("spec.safety.onDestructive: Allow");
            });
    assertThat(allow.withholds(drop)).isEmpty();
  }

  @Test
  void driftThatTheCatalogsProveIsReportedAndNotCorrected() {
    world.onDrift = OnDrift.REPORT;
    world.indexes.add(IX);
    Live.named("ix", "b").ours(IX).in(world);

    Finding finding = world.tenantPlan().findings().get(0);

    assertThat(changes(world)).isEmpty();
    assertThat(finding.verdict()).isEqualTo(Finding.Verdict.DRIFTED);
    assertThat(finding.reason()).isEqualTo(Reason.DriftReported);
    assertThat(finding.message()).contains("t.ix is btree (b) and must be btree (a)");
    assertThat(world.plan().refusedTemplates(Set.of(Reason.DriftReported))).hasSize(1);
    assertThat(world.tenantPlan().state()).isEqualTo(TenantState.DRIFTED);
  }

  @Test
  void anInvalidIndexOfThisSpecIsDriftToo() {
    world.onDrift = OnDrift.REPORT;
    world.indexes.add(IX);
    Live.named("ix", "a").ours(IX).invalid().in(world);

    assertThat(changes(world)).isEmpty();
    assertThat(world.tenantPlan().findings())
        .extracting(Finding::reason)
        .containsExactly(Reason.DriftReported);
  }

  @Test
  void aChangedSpecIsNoDrift() {
    world.onDrift = OnDrift.REPORT;
    world.indexes.add(IX);
    Live.named("ix", "b").oursOfOlderSpec(IX).in(world);

    assertThat(changes(world)).containsExactly("ReplaceIndex");
  }

  @Test
  void whatWasThereWhenATenantHadConvergedIsReported() {
    world.onDrift = OnDrift.REPORT;
    world.indexes.add(IX);
    assertThat(changes(world)).as("never there").containsExactly("CreateIndex");

    world.history = World.HAD_BEEN;
    assertThat(changes(world)).as("taken away").isEmpty();
  }

  @Test
  void ourIndexThatSomebodyRenamedKeepsItsName() {
    world.onDrift = OnDrift.REPORT;
    world.indexes.add(IX);
    Live.named("renamed", "a").ours(IX).in(world);

    assertThat(changes(world)).isEmpty();
    assertThat(world.tenantPlan().findings())
        .extracting(Finding::reason)
        .containsExactly(Reason.DriftReported);
  }

  @Test
  void leftoversAreNoDriftAndGoAndSoDoesWhatAWithheldReplacementHadBuilt() {
    world.onDrift = OnDrift.REPORT;
    world.indexes.add(IX);
    Live.named("ix", "b").ours(IX).in(world);
    Live.named(IX.reservedName(), "a").in(world);

    assertThat(changes(world)).containsExactly("DropLeftover");
  }

  @Test
  void driftOfStatisticsIsReportedAndWhatTheSpecChangedIsSet() {
    DesiredIndex index = Expressions.index("ix", Optional.of(500), Optional.empty());
    world.onDrift = OnDrift.REPORT;
    world.indexes.add(index);
    Live.named("ix", World.body(index)).ours(index).in(world);
    assertThat(changes(world)).isEmpty();

    world.liveIndexes.clear();
    Live.named("ix", World.body(index)).oursOfOlderSpec(index).in(world);
    assertThat(changes(world)).containsExactly("SetIndexStatistics");
  }

  @Test
  void whatNeedsAWithheldChangeIsWithheldWithIt() {
    world.onDrift = OnDrift.REPORT;
    world.history = World.HAD_BEEN;
    DesiredIndex index = Expressions.index("ix", Optional.of(500), Optional.empty());
    world.indexes.add(index);
    Live.named("ix", World.body(index)).in(world);

    assertThat(changes(world)).as("no mark says that it is as declared").isEmpty();
    assertThat(world.tenantPlan().findings()).hasSize(1);
  }
}

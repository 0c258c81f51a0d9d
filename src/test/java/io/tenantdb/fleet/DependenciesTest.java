package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.apply.Aggregates;
import io.tenantdb.model.AggregateChange.SetMaterializedOnly;
import io.tenantdb.model.Change;
import io.tenantdb.model.Dependencies;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.HypertableChange.ConvertTable;
import io.tenantdb.model.HypertableChange.SetCompression;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexReplacement.ReplaceIndex;
import io.tenantdb.model.PolicyChange.AddPolicy;
import io.tenantdb.model.PolicyChange.AlterPolicy;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.RefreshPolicyChange.AddRefreshPolicy;
import io.tenantdb.model.Target;
import io.tenantdb.model.TimeSpan;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which change needs which. */
class DependenciesTest {

  private static final Target BATCHES = on("batches");
  private static final Target DAILY = on("daily");
  private static final Target MONTHLY = on("monthly");
  private static final TimeSpan DAY = new TimeSpan.Interval("1 day");

  private static final ReplaceIndex REPLACE = Replacements.of(BATCHES);

  private final Change convert = new ConvertTable(BATCHES, "at", Optional.empty(), "public");
  private final Change daily = Aggregates.create(DAILY, "SELECT 1", "batches");
  private final Change fillDaily = fill(DAILY, "batches");
  private final Change monthly = Aggregates.create(MONTHLY, "SELECT 1", "daily");
  private final Change fillMonthly = fill(MONTHLY, "daily");
  private final Change retention = policy(BATCHES, PolicyKind.RETENTION);

  @Test
  void what_is_done_to_an_aggregate_needs_the_aggregate() {
    Change policy =
        new AddRefreshPolicy(
            DAILY,
            new Refresh("1 hour", Optional.empty(), DAY, "0123456789abcdef"),
            0,
            Aggregates.mark(DAILY),
            "public",
            false);

    assertThat(Dependencies.needs(fillDaily, daily)).isTrue();
    assertThat(Dependencies.needs(policy, daily)).isTrue();
    assertThat(
            Dependencies.needs(
                new SetMaterializedOnly(DAILY, true, false, Optional.empty()), daily))
        .isTrue();
    assertThat(Dependencies.needs(fillMonthly, daily)).isTrue();
  }

  @Test
  void an_aggregate_needs_its_source_to_be_a_hypertable_or_an_aggregate() {
    assertThat(Dependencies.needs(daily, convert)).isTrue();
    assertThat(Dependencies.needs(monthly, daily)).isTrue();
    assertThat(Dependencies.needs(monthly, convert)).isFalse();
    assertThat(Dependencies.needs(daily, new ConvertTable(on("x"), "at", Optional.empty(), "p")))
        .isFalse();
  }

  @Test
  void an_aggregate_is_filled_after_the_one_that_it_reads() {
    assertThat(Dependencies.needs(fillMonthly, fillDaily)).isTrue();
    assertThat(Dependencies.needs(monthly, fillDaily)).as("it can be made all the same").isFalse();
  }

  @Test
  void no_retention_before_the_aggregates_of_its_table_are_filled() {
    assertThat(Dependencies.needs(retention, daily)).isTrue();
    assertThat(Dependencies.needs(retention, fillDaily)).isTrue();
    assertThat(Dependencies.needs(lagged(true, PolicyKind.RETENTION), fillDaily)).isTrue();

    assertThat(Dependencies.needs(lagged(false, PolicyKind.RETENTION), fillDaily)).isFalse();
    assertThat(Dependencies.needs(retention, fillMonthly)).isFalse();
    assertThat(Dependencies.needs(policy(on("other"), PolicyKind.RETENTION), fillDaily)).isFalse();
    assertThat(Dependencies.needs(policy(BATCHES, PolicyKind.COMPRESSION), fillDaily)).isFalse();
    assertThat(Dependencies.needs(lagged(true, PolicyKind.COMPRESSION), fillDaily)).isFalse();
  }

  @Test
  void an_index_needs_the_names_that_leftovers_bear() {
    Change drop = new DropLeftover(BATCHES, REPLACE.build().reservedName(), false);
    Change dropRetired = new DropLeftover(BATCHES, REPLACE.old().retiredName(), false);

    assertThat(Dependencies.needs(REPLACE.build(), drop)).isTrue();
    assertThat(Dependencies.needs(REPLACE, drop)).isTrue();
    assertThat(Dependencies.needs(REPLACE, dropRetired)).isTrue();
    assertThat(Dependencies.needs(REPLACE.build(), dropRetired)).isFalse();
    assertThat(Dependencies.needs(REPLACE, new DropLeftover(BATCHES, "_tdb_o_0_0", false)))
        .isFalse();
    assertThat(Dependencies.needs(REPLACE, convert)).isTrue();
  }

  @Test
  void a_fill_and_a_policy_whose_marks_vouch_for_a_setting_come_after_it() {
    Change declaredAnew = new SetMaterializedOnly(DAILY, true, false, Optional.empty());
    Change drifted = new SetMaterializedOnly(DAILY, true, true, Optional.empty());

    assertThat(Dependencies.needs(fillDaily, declaredAnew)).isTrue();
    assertThat(Dependencies.needs(fillDaily, drifted)).isFalse();
    Change settings =
        new SetCompression(
            BATCHES, "not enabled", Optional.empty(), Optional.empty(), false, Optional.empty());
    assertThat(Dependencies.needs(altered(PolicyKind.COMPRESSION), settings)).isTrue();
    assertThat(Dependencies.needs(altered(PolicyKind.RETENTION), settings)).isFalse();
  }

  private static Change altered(PolicyKind kind) {
    return new AlterPolicy(
        BATCHES,
        kind,
        1000,
        Optional.empty(),
        Optional.empty(),
        0,
        Aggregates.mark(DAILY),
        "as declared, stale mark",
        "marked",
        "public",
        false,
        false,
        false);
  }

  private static Target on(String table) {
    return new Target("tenant_a", table, "owner");
  }

  private static Change fill(Target target, String source) {
    return Aggregates.fill(target, source, Optional.of(DAY));
  }

  private static Change policy(Target target, PolicyKind kind) {
    return new AddPolicy(
        target, kind, DAY, Optional.empty(), 0, Aggregates.mark(target), "public", false, false);
  }

  private static Change lagged(boolean shorter, PolicyKind kind) {
    return new AlterPolicy(
        BATCHES,
        kind,
        1,
        Optional.of(DAY),
        Optional.empty(),
        0,
        Aggregates.mark(BATCHES),
        "a",
        "b",
        "public",
        shorter,
        false,
        false);
  }
}

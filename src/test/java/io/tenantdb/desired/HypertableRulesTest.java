package io.tenantdb.desired;

import static io.tenantdb.desired.Refusals.chunkInterval;
import static io.tenantdb.desired.Refusals.hypertable;
import static io.tenantdb.desired.Refusals.overrides;
import static io.tenantdb.desired.Refusals.problems;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class HypertableRulesTest {

  @Test
  void intervalTextHasPositiveWholeUnits() {
    for (String text :
        List.of("30 days", "7d", "1 mon", "2 years", "1 year 6 months", "36h", "90 mins")) {
      assertThat(chunkInterval(text)).as(text).isEmpty();
    }
    for (String text :
        List.of(
            "6m",
            "1M",
            "30",
            "-1 day",
            "+1 day",
            "6 months ago",
            "6mo",
            "1.5 days",
            "0 days",
            "@ 1 day",
            "P1D",
            "1 day 1 day",
            "1d 2 days",
            "1001 years",
            "999999 years",
            "",
            "1  day",
            "1 day ",
            "1 day\n",
            "infinity")) {
      assertThat(chunkInterval(text)).as(text).hasSize(1);
    }
    assertThat(problems(hypertable("chunkInterval: 0"))).hasSize(1);
    assertThat(problems(hypertable("chunkInterval: -7"))).hasSize(1);
    assertThat(problems(hypertable("chunkInterval: 1.5"))).hasSize(1);
    assertThat(problems(hypertable("chunkInterval: true"))).hasSize(1);
  }

  @Test
  void schedulesDoNotMixMonthsAndDays() {
    assertThat(problems(hypertable("retention: {dropAfter: 2 years, every: 1 month 2 days}")))
        .containsExactly(
            "spec.hypertables[0].retention.every: months and years cannot be mixed with shorter"
                + " units in a schedule: TimescaleDB refuses it.");
    assertThat(problems(hypertable("retention: {dropAfter: 1 year 2 days, every: 1 month}")))
        .isEmpty();
  }

  @Test
  void retentionOutlivesCompression() {
    String rule =
        "spec.hypertables[0]: retention.dropAfter must be longer than compression.after: otherwise"
            + " every chunk is dropped before it is compressed.";
    assertThat(problems(hypertable("compression: {after: 30 days}, retention: {dropAfter: 1 mon}")))
        .containsExactly(rule);
    assertThat(
            problems(hypertable("compression: {after: 30 days}, retention: {dropAfter: 31 days}")))
        .isEmpty();
    assertThat(problems(hypertable("compression: {after: 7}, retention: {dropAfter: 7}")))
        .containsExactly(rule);
  }

  @Test
  void wholeNumbersAndIntervalsDoNotMix() {
    assertThat(problems(hypertable("chunkInterval: 7, retention: {dropAfter: 1 mon}")))
        .singleElement()
        .asString()
        .startsWith("spec.hypertables[0]: chunkInterval, compression.after and");
  }

  @Test
  void absentExcludesEveryOtherField() {
    assertThat(problems(hypertable("compression: {state: Absent, every: 1 day}"))).hasSize(1);
    assertThat(problems(hypertable("retention: {state: Absent, dropAfter: 1 day}"))).hasSize(1);
    assertThat(problems(hypertable("retention: {state: Absent}, compression: {state: Absent}")))
        .isEmpty();
  }

  @Test
  void aPolicySaysWhen() {
    assertThat(problems(hypertable("compression: {segmentBy: [a]}"))).hasSize(1);
    assertThat(problems(hypertable("retention: {every: 1 day}"))).hasSize(1);
  }

  @Test
  void segmentsAndOrderDoNotOverlap() {
    assertThat(problems(hypertable("compression: {after: 1d, segmentBy: [at]}")))
        .singleElement()
        .asString()
        .contains("segmentBy must not have the time column");
    assertThat(
            problems(
                hypertable("compression: {after: 1d, segmentBy: [a], orderBy: [{column: a}]}")))
        .singleElement()
        .asString()
        .contains("A column cannot be in segmentBy and in orderBy.");
    assertThat(
            problems(hypertable("compression: {after: 1d, orderBy: [{column: a}, {column: a}]}")))
        .hasSize(1);
    assertThat(problems(hypertable("compression: {after: 1d, segmentBy: [a, a]}"))).hasSize(1);
  }

  @Test
  void overridesNameTablesOfTheSpec() {
    assertThat(overrides("{name: x, schemas: [a], hypertables: [{table: u}]}"))
        .containsExactly(
            "spec.tenants.overrides[0].hypertables[0].table: An override names a table that"
                + " spec.hypertables does not have.");
  }

  @Test
  void twoOverridesOfOneTableAndSchemaAreRefusedByName() {
    assertThat(
            overrides(
                "{name: x, schemas: [a, b], hypertables: [{table: t, chunkInterval: 1d}]}",
                "{name: y, schemas: [b], hypertables: [{table: t, chunkInterval: 2d}]}"))
        .containsExactly(
            "spec.tenants.overrides[1]: overrides \"x\" and \"y\" both set table \"t\" of schema"
                + " \"b\": take it out of one.");
  }

  @Test
  void anOverrideMustLeaveAValidHypertable() {
    assertThat(
            overrides(
                "{name: x, schemas: [a], hypertables: [{table: t, retention: {dropAfter: 1d}}]}"))
        .singleElement()
        .asString()
        .startsWith("spec.tenants.overrides[0].hypertables[0]: retention.dropAfter must be longer");
    assertThat(
            overrides(
                "{name: x, schemas: [a], hypertables: [{table: t, compression: {state: Absent, after: 1d}}]}"))
        .hasSize(1);
  }

  @Test
  void anOverrideOfAnAbsentPolicySaysPresent() {
    String spec =
        """
        database: {host: localhost, name: fruitpak, credentialsSecretRef: {name: fruitpak-db}}
        tenants:
          schemas: [a]
          overrides: [{name: x, schemas: [a], hypertables: [{table: t, retention: {%s dropAfter: 1d}}]}]
        hypertables: [{table: t, timeColumn: at, retention: {state: Absent}}]
        """;
    assertThat(problems(spec.formatted("")))
        .containsExactly(
            "spec.tenants.overrides[0].hypertables[0].retention.state: must be Present, because"
                + " spec.hypertables says Absent.");
    assertThat(problems(spec.formatted("state: Present,"))).isEmpty();
  }
}

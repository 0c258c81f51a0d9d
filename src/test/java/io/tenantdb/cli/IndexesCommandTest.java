package io.tenantdb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.IndexReport;
import io.tenantdb.model.IndexReport.Index;
import io.tenantdb.model.IndexReport.Kind;
import io.tenantdb.model.IndexReport.Redundancy;
import io.tenantdb.model.IndexUsage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexesCommandTest {
  private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  private static final Instant SINCE = Instant.parse("2026-05-01T08:00:00Z");

  @TempDir Path directory;
  private CommandRun run;

  @BeforeEach
  void commandLine() {
    run = new CommandRun(directory);
  }

  private static IndexReport report() {
    return new IndexReport(
        NOW,
        Optional.of(SINCE),
        true,
        List.of(
            new Index(
                "batches",
                "ix_batches_intake_date",
                true,
                12,
                Optional.empty(),
                "btree (intake_date)",
                new IndexUsage(
                    4982, 81_625_088, 1_318_912, 1_234_567, 12, Optional.of(NOW.minusSeconds(60))),
                false),
            new Index(
                "batches",
                "old",
                false,
                0,
                Optional.of("platform/\u001bother"),
                "btree (fruit_type)",
                new IndexUsage(3, 24_576, 8_192, 0, 3, Optional.empty()),
                true)),
        List.of(
            new Redundancy(
                Kind.PREFIX, "batches", "old", "ix", List.of(), false, 3, "ix begins with old."),
            new Redundancy(
                Kind.FOREIGN_KEY,
                "batches",
                "",
                "",
                List.of("grower_id"),
                false,
                4982,
                "No index of batches begins with grower_id."),
            new Redundancy(Kind.DUPLICATE, "batches", "a", "b", List.of(), true, 0, "a is b.")));
  }

  @Test
  void whatIsFoundIsPrintedAndIsNoError() {
    run.report = Optional.of(report());

    assertThat(run.run("indexes")).isZero();
    assertThat(run.passesMayChange).isEmpty();
    assertThat(run.out)
        .containsPattern("INDEX +TENANTS +SIZE +LARGEST +SCANS +NEVER IN +LAST SCAN")
        .containsPattern(
            "batches\\.ix_batches_intake_date +4,982 +78 MiB +1\\.3 MiB +1,234,567 +12 +2026-06-01"
                + " +under another name in 12\n")
        .containsPattern(
            "Not declared here.*\\n.*NOTE\\n +batches\\.old +3 +24 KiB .*unused, marked by platform/�other")
        .contains(
            """
              in 4,982 tenants: No index of batches begins with grower_id.
              in 3 tenants: ix begins with old.
              by the spec: a is b.
            """)
        .contains("since 2026-05-01T08:00:00Z, the last reset of the statistics or crash")
        .contains("A standby counts its own scans");
  }

  @Test
  void statisticsThatWereNeverResetAreSaidToCountSinceTheServerStarted() {
    run.report = Optional.of(new IndexReport(NOW, Optional.of(SINCE), false, List.of(), List.of()));
    assertThat(run.run("indexes")).isZero();
    assertThat(run.out)
        .contains("since 2026-05-01T08:00:00Z, the server's first start or last crash");
  }

  @Test
  void thousandsOfStrayIndexesDoNotFillTheScreen() {
    List<Index> many = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      IndexUsage usage = new IndexUsage(1, i * 8_192L, 8_192, 0, 1, Optional.empty());
      many.add(
          new Index(
              "batches", "stray_" + i, false, 0, Optional.empty(), "btree (a)", usage, false));
    }
    run.report = Optional.of(new IndexReport(NOW, Optional.of(SINCE), true, many, List.of()));
    run.answer = Optional.of("");
    run.run("indexes");
    assertThat(run.out)
        .contains("stray_2999 ", "stray_2980 ", "  and 2,980 more (--wide or -o json has them all)")
        .doesNotContain("stray_2979 ");
    run.run("indexes", "--wide");
    assertThat(run.out.lines().filter(line -> line.contains("stray_"))).hasSize(3000);
    run.answer = Optional.empty();
    run.run("indexes");
    assertThat(run.out.lines().filter(line -> line.contains("stray_"))).hasSize(3000);
  }

  @Test
  void sizesHaveTwoDigits() {
    assertThat(
            Stream.of(0L, 8_192L, 10_100L, 81_920L, 1_318_912L, 1L << 40)
                .map(IndexesText::bytes)
                .toList())
        .containsExactly("0 B", "8.0 KiB", "9.9 KiB", "80 KiB", "1.3 MiB", "1.0 TiB");
  }

  @Test
  void anErrorIsExitCodeOne() {
    assertThat(run.run("indexes")).isEqualTo(1);
    assertThat(run.err).contains("ConnectionFailed: Nothing listens");
  }

  @Test
  void jsonIsWhatScriptsRelyOn() throws IOException {
    run.report = Optional.of(report());
    assertThat(run.run("indexes", "-o", "json")).isZero();
    assertThat(run.out).isEqualToNormalizingNewlines(PlanCommandTest.golden("indexes.json"));
  }
}

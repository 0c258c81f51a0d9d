package io.tenantdb.canonical;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tenantdb.database.DatabaseException;
import io.tenantdb.model.CanonicalInterval;
import io.tenantdb.model.Reason;
import io.tenantdb.observe.Fleet;
import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Intervals as PostgreSQL reads them. */
class IntervalsIT {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00.123456Z");
  private static PostgresServer server;
  private static Fleet fleet;

  @BeforeAll
  static void start() {
    server = PostgresServer.start(PostgresServer.NEWEST);
    fleet = Fleet.create(server, "intervals");
  }

  @AfterAll
  static void stop() {
    fleet.close();
    server.close();
  }

  private static Map<String, CanonicalInterval> read(Set<String> declared, Set<String> live)
      throws SQLException {
    try (Connection connection = fleet.database().borrow()) {
      return new Intervals(connection, NOW).read(declared, live);
    }
  }

  @Test
  void fieldsTellAMonthFromThirtyDaysAndMicrosDoNot() throws SQLException {
    Map<String, CanonicalInterval> read =
        read(
            Set.of("1 month", "30 days", "720:00:00", "4 weeks", "1 year", "12 mons"),
            Set.of("28 days", "P30D", "@ 1 mon", "360 days", "30 days"));
    assertThat(read.get("1 month").fields())
        .isEqualTo("1 mon")
        .isEqualTo(read.get("@ 1 mon").fields());
    assertThat(read.get("30 days").fields())
        .isEqualTo("30 days")
        .isEqualTo(read.get("P30D").fields());
    assertThat(read.get("720:00:00").fields()).isEqualTo("720:00:00");
    assertThat(read.get("4 weeks").fields()).isEqualTo(read.get("28 days").fields());
    assertThat(read.get("1 year").fields()).isEqualTo(read.get("12 mons").fields());
    long thirtyDays = 30L * 86_400_000_000L;
    assertThat(read.get("1 month").micros()).isEqualTo(thirtyDays);
    assertThat(read.get("720:00:00").micros()).isEqualTo(thirtyDays);
    assertThat(read.get("1 year").micros()).isEqualTo(read.get("360 days").micros());
  }

  @Test
  void beforeIsReachedAsPostgresqlCounts() throws SQLException {
    Map<String, CanonicalInterval> read =
        read(Set.of("1 month", "30 days", "90 minutes"), Set.of());
    assertThat(read.get("1 month").before())
        .isEqualTo(Instant.parse("2026-02-01T12:00:00.123456Z"));
    assertThat(read.get("30 days").before())
        .isEqualTo(Instant.parse("2026-01-30T12:00:00.123456Z"));
    assertThat(read.get("90 minutes").before())
        .isEqualTo(Instant.parse("2026-03-01T10:30:00.123456Z"));
  }

  @Test
  void aLiveTextThatCannotBeReadEqualsNoneAndReachesBackForEver() throws SQLException {
    Map<String, CanonicalInterval> read =
        read(Set.of("1 day"), Set.of("bogus", "", "9999999 years"));
    assertThat(read.get("1 day").fields()).isEqualTo("1 day");
    assertThat(read.get("bogus").fields()).isNotEqualTo(read.get("").fields());
    assertThat(read.get("bogus").before()).isEqualTo(Instant.MIN);
    assertThat(read.get("9999999 years").before()).isEqualTo(Instant.MIN);
  }

  @Test
  void anInfiniteLiveTextEqualsNoneAndReachesBackForEver() throws SQLException {
    Map<String, CanonicalInterval> read =
        read(Set.of("1 day"), Set.of("infinity", "-infinity", "2 days"));
    assertThat(read.get("1 day").fields()).isEqualTo("1 day");
    assertThat(read.get("2 days").fields()).isEqualTo("2 days");
    assertThat(read.get("infinity").fields()).isNotEqualTo(read.get("-infinity").fields());
    assertThat(read.get("infinity").micros()).isEqualTo(Long.MAX_VALUE);
    assertThat(read.get("infinity").before()).isEqualTo(Instant.MIN);
    assertThat(read.get("-infinity").before()).isEqualTo(Instant.MIN);
  }

  @Test
  void aDeclaredInfinityIsTheSpecsFault() {
    assertThatThrownBy(() -> read(Set.of("infinity"), Set.of()))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.reason()).isEqualTo(Reason.SpecInvalid))
        .hasMessageContaining("'infinity'");
  }

  @Test
  void aDeclaredTextThatCannotBeReadIsTheSpecsFault() {
    assertThatThrownBy(() -> read(Set.of("1 day", "bogus"), Set.of()))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.reason()).isEqualTo(Reason.SpecInvalid))
        .hasMessageContaining("'bogus'");
  }
}

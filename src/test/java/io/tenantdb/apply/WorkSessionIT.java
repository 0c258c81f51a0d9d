package io.tenantdb.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.database.Sql;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What ends a statement, and what it leaves alone. */
@RealParts
class WorkSessionIT {

  private static final Safety SAFETY =
      new Safety(OnDestructive.DENY, Duration.ofSeconds(3), Duration.ofMinutes(5));

  private final Database database;

  WorkSessionIT(PostgresServer server) {
    this.database =
        Database.of(
            new ConnectionSettings(
                server.host(),
                server.port(),
                "postgres",
                server.user(),
                new Password(server.password()),
                new Tls(Tls.Mode.DISABLE, Optional.empty()),
                4,
                "tenantdb test"));
  }

  @Test
  void a_statement_that_is_given_up_says_for_what() throws SQLException {
    try (WorkSession session = WorkSession.open(database, SAFETY)) {
      CompletableFuture<Void> giver =
          CompletableFuture.runAsync(() -> untilGivenUp(session, new AtomicBoolean()));

      ApplyException given =
          catchThrowableOfType(
              ApplyException.class, () -> session.execute(Statement.of("SELECT pg_sleep(60)")));

      assertThat(given.reason()).isEqualTo(Reason.YieldedTo);
      giver.join();
      assertThat(answers(session)).isTrue();
    }
  }

  @Test
  void one_that_comes_too_late_harms_nothing() throws SQLException {
    AtomicBoolean stop = new AtomicBoolean();
    try (WorkSession session = WorkSession.open(database, SAFETY)) {
      assertThat(session.giveUp(why())).as("nothing runs").isFalse();
      CompletableFuture<Void> giver =
          CompletableFuture.runAsync(
              () -> {
                while (!stop.get()) {
                  session.giveUp(why());
                }
              });
      for (int i = 0; i < 200; i++) {
        try {
          session.execute(Statement.of("SELECT 1"));
        } catch (ApplyException e) {
          assertThat(e.reason()).isEqualTo(Reason.YieldedTo);
        }
        // What publishes an index comes right behind its build.
        session.transaction(List.of(Statement.of("SELECT 1"), Statement.of("SELECT 2")));
      }
      stop.set(true);
      giver.join();
    } finally {
      stop.set(true);
    }
  }

  private static void untilGivenUp(WorkSession session, AtomicBoolean given) {
    while (!given.get()) {
      given.set(session.giveUp(why()));
    }
  }

  private static ApplyException why() {
    return new ApplyException(Reason.YieldedTo, "it gave way");
  }

  private static boolean answers(WorkSession session) throws SQLException {
    return Sql.query(session.connection(), Statement.of("SELECT true"), row -> row.getBoolean(1))
        .get(0);
  }
}

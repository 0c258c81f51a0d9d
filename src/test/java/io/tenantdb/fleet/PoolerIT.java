package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.PgBouncer;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** pgbouncer between the engine and the server. */
@RealParts
class PoolerIT {

  private final PostgresServer server;
  private final PgBouncer pgbouncer;

  PoolerIT(PostgresServer server, PgBouncer pgbouncer) {
    this.server = server;
    this.pgbouncer = pgbouncer;
  }

  @ParameterizedTest
  @EnumSource(names = {"TRANSACTION", "STATEMENT"})
  void one_that_shares_sessions_is_refused_and_nothing_is_touched(PgBouncer.Mode mode)
      throws Exception {
    String name = "pooled_" + mode.name().toLowerCase(Locale.ROOT);
    Fruit fruit = new Fruit(server, name).tenants("tenant_a");
    try (PgBouncer.Running pooler = pgbouncer.start(server, mode);
        Connection application = through(pooler, "engine_" + name)) {
      String path = searchPath(application);
      try (Database database = fruit.through(pooler.port())) {
        DatabaseException refused =
            catchThrowableOfType(
                DatabaseException.class,
                () ->
                    new Engine()
                        .pass(
                            database, Fruit.desired(Fruit.INDEXES), Gate.OPEN, PassListener.NONE));
        assertThat(refused.reason()).isEqualTo(Reason.PoolerUnsupported);
        assertThat(refused).hasMessageContaining("127.0.0.1:" + pooler.port());
        assertThat(catchThrowableOfType(DatabaseException.class, database::dedicated).reason())
            .isEqualTo(Reason.PoolerUnsupported);
      }
      assertThat(searchPath(application)).as("in a session that is shared").isEqualTo(path);
      assertThat(fruit.validIndexes()).isEmpty();
    }
  }

  @Test
  void one_in_session_mode_is_as_good_as_none() {
    Fruit fruit = new Fruit(server, "pooled_session").tenants("tenant_a", "tenant_b");
    try (PgBouncer.Running pooler = pgbouncer.start(server, PgBouncer.Mode.SESSION);
        Database database = fruit.through(pooler.port())) {
      Outcome outcome =
          new Engine().pass(database, Fruit.desired(Fruit.INDEXES), Gate.OPEN, PassListener.NONE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
      assertThat(fruit.leftovers()).isEmpty();
    }
  }

  /** pgbouncer before 1.20 lets nobody in who brings {@code options}. */
  @Test
  void behind_one_that_takes_no_options_nothing_is_looked_up_where_a_setting_leads() {
    Fruit fruit = new Fruit(server, "pooled_planted").tenants("tenant_a");
    assertThat(fruit.query("SELECT 1")).hasSize(1);
    PlantedNames.plant(fruit, "engine_pooled_planted");
    try (PgBouncer.Running pooler = pgbouncer.start(server, PgBouncer.Mode.SESSION);
        Database database = fruit.through(pooler.port())) {
      Outcome outcome =
          new Engine().pass(database, Fruit.desired(Fruit.INDEXES), Gate.OPEN, PassListener.NONE);

      assertThat(outcome.failures()).isEmpty();
      assertThat(outcome.converged()).isTrue();
    }
    assertThat(PlantedNames.used(fruit)).isFalse();
  }

  @Test
  void one_with_too_few_sessions_is_named_before_it_gives_up_itself() throws Exception {
    Fruit fruit = new Fruit(server, "pooled_small").tenants("tenant_a");
    try (PgBouncer.Running pooler = pgbouncer.start(server, PgBouncer.Mode.SESSION, 2);
        Database database = fruit.through(pooler.port());
        Connection first = database.dedicated()) {
      assertThat(first.isClosed()).isFalse();

      DatabaseException refused =
          catchThrowableOfType(DatabaseException.class, database::dedicated);

      assertThat(refused.reason()).isEqualTo(Reason.PoolerUnsupported);
      assertThat(refused)
          .hasMessageContaining("one more than maxConnections = 4")
          .hasMessageContaining("pool_size");
    }
  }

  @Test
  void one_session_more_than_the_engine_may_have_is_enough() throws Exception {
    Fruit fruit = new Fruit(server, "pooled_enough").tenants("tenant_a");
    try (PgBouncer.Running pooler = pgbouncer.start(server, PgBouncer.Mode.SESSION, 5);
        Database database = fruit.through(pooler.port());
        Connection one = database.dedicated();
        Connection two = database.dedicated();
        Connection three = database.dedicated();
        Connection four = database.borrow()) {
      assertThat(List.of(one, two, three, four)).doesNotHaveDuplicates();
    }
  }

  private Connection through(PgBouncer.Running pooler, String database) throws Exception {
    return DriverManager.getConnection(
        server.jdbcUrl(database).replace(":" + server.port(), ":" + pooler.port()),
        server.user(),
        server.password());
  }

  private static String searchPath(Connection connection) throws Exception {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW search_path")) {
      row.next();
      return row.getString(1);
    }
  }
}

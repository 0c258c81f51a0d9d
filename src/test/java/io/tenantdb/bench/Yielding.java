package io.tenantdb.bench;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.fleet.Engine;
import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.Safety;
import io.tenantdb.model.Desired.WhenTimescaleMissing;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Hashes;
import io.tenantdb.model.TenantSelection;
import io.tenantdb.model.TenantSelection.OnMissingTable;
import io.tenantdb.testing.PostgresServer;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How long an application's ALTER TABLE waits that meets a long build of ours, against the same
 * statement on a table that nobody uses.
 */
final class Yielding {
  private static final String DATABASE = "yielding";
  private static final String ALTER = "ALTER TABLE %s.batches ADD COLUMN note text";
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(3);

  // Minutes for the rows: longer than anybody waits.
  private static final String SLOW =
      """
      CREATE OR REPLACE FUNCTION public.slow(text) RETURNS text IMMUTABLE LANGUAGE plpgsql
      AS 'BEGIN PERFORM pg_catalog.pg_sleep(%s); RETURN $1; END'""";

  private final PrintStream out;

  Yielding(PrintStream out) {
    this.out = out;
  }

  List<Figure> measure() throws Exception {
    try (PostgresServer server =
        PostgresServer.start(PostgresServer.Options.of(PostgresServer.NEWEST).withDurability())) {
      out.printf("PostgreSQL %s; lockTimeout %d s%n", server.version(), LOCK_TIMEOUT.toSeconds());
      server.createDatabase(DATABASE);
      server.execute(
          DATABASE, "CREATE ROLE app", SLOW.formatted("0.05"), tenant("idle"), tenant("tenant_a"));
      double alone = alter(server, "idle");
      AtomicReference<String> gaveWay = new AtomicReference<>("to nobody");
      PassListener listener =
          new PassListener() {
            @Override
            public void putOff(ChangeResult result) {
              gaveWay.set(result.message());
            }
          };
      try (Database database = Database.of(settings(server))) {
        CompletableFuture<Outcome> pass =
            CompletableFuture.supplyAsync(
                () -> new Engine().pass(database, desired(), Gate.OPEN, listener));
        awaitBuild(server, pass);
        double beside = alter(server, "tenant_a");
        server.execute(DATABASE, SLOW.formatted("0"));
        long freed = System.nanoTime();
        if (!pass.join().converged()) {
          throw new IllegalStateException("the build did not come back: " + gaveWay.get());
        }
        return List.of(
            Figure.of("ALTER TABLE during a build", beside, "s")
                .note("tenants wait for lockTimeout, and a look of at most a second"),
            Figure.of("the same on an idle table", alone, "s"),
            Figure.of("until the index was there after all", since(freed), "s")
                .note(gaveWay.get()));
      }
    }
  }

  private static String tenant(String schema) {
    return """
        CREATE SCHEMA %1$s AUTHORIZATION app;
        SET ROLE app;
        CREATE TABLE %1$s.batches (id bigint, grower_id text);
        INSERT INTO %1$s.batches SELECT i, 'g' || i FROM generate_series(1, 10000) i;
        RESET ROLE"""
        .formatted(schema);
  }

  private static double alter(PostgresServer server, String schema) throws Exception {
    try (Connection connection = server.connect(DATABASE);
        Statement statement = connection.createStatement()) {
      statement.execute("SET application_name = 'the application'");
      long start = System.nanoTime();
      statement.execute(ALTER.formatted(schema));
      return since(start);
    }
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static void awaitBuild(PostgresServer server, CompletableFuture<Outcome> pass)
      throws Exception {
    try (Connection connection = server.connect(DATABASE);
        Statement statement = connection.createStatement()) {
      while (!pass.isDone()) {
        try (ResultSet build =
            statement.executeQuery(
                "SELECT pid FROM pg_stat_progress_create_index WHERE phase LIKE 'building%'")) {
          if (build.next()) {
            return;
          }
        }
        Thread.sleep(50);
      }
      throw new IllegalStateException("nothing was built: " + pass.join().failures());
    }
  }

  private static Desired desired() {
    DesiredIndex.Key key =
        new DesiredIndex.Key(
            Optional.empty(),
            Optional.of("public.slow(grower_id)"),
            false,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    DesiredIndex index =
        new DesiredIndex(
            "ix_slow",
            "batches",
            List.of(key),
            "btree",
            false,
            false,
            List.of(),
            Optional.empty(),
            Map.of(),
            Hashes.hex16("ix_slow"));
    return new Desired(
        "bench/yielding",
        new TenantSelection(
            List.of(),
            List.of("tenant_*"),
            List.of(),
            List.of("public"),
            Duration.ZERO,
            OnMissingTable.WAIT),
        List.of(index),
        List.of(),
        List.of(),
        List.of(),
        WhenTimescaleMissing.SKIP,
        new Safety(OnDestructive.DENY, LOCK_TIMEOUT, Duration.ofHours(2)));
  }

  private static ConnectionSettings settings(PostgresServer server) {
    return new ConnectionSettings(
        server.host(),
        server.port(),
        DATABASE,
        server.user(),
        new Password(server.password()),
        new Tls(Tls.Mode.DISABLE, Optional.empty()),
        4,
        "tenantdb bench");
  }
}

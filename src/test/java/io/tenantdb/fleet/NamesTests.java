package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.fleet.NamesCampaign.Live;
import io.tenantdb.fleet.NamesCampaign.Pass;
import io.tenantdb.fleet.NamesCampaign.Served;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Names that change hands, on a server, with somebody who looks all the time: {@code
 * -Dtenantdb.names.servers} says how many draws, {@code -Dtenantdb.names.seed} which is the first.
 */
@RealParts
abstract class NamesTests {

  private static final int DRAWS = Integer.getInteger("tenantdb.names.servers", 6);
  private static final long SEED =
      Long.getLong("tenantdb.names.seed", System.currentTimeMillis() % 1_000_000_000L);

  private final PostgresServer server;

  NamesTests(PostgresServer server) {
    this.server = server;
  }

  @Test
  void every_draw_converges_or_says_what_is_to_be_done() throws SQLException {
    Fruit fruit = new Fruit(server, "rounds");
    int changes = 0;
    int told = 0;
    for (long seed = SEED; seed < SEED + DRAWS; seed++) {
      prepare(fruit);
      try (Database database = fruit.open();
          Connection connection = fruit.connect()) {
        NamesCampaign campaign = new NamesCampaign(seed, new OnServer(fruit, database, connection));
        try {
          campaign.run();
        } catch (AssertionError | RuntimeException e) {
          throw new AssertionError(campaign.story() + e, e);
        }
        changes += campaign.changes();
        told += campaign.told();
      }
    }
    System.out.printf(
        "%d draws of names on a server from seed %d: %d changes, %d findings acted on%n",
        DRAWS, SEED, changes, told);
  }

  private static void prepare(Fruit fruit) {
    fruit.execute("DROP SCHEMA IF EXISTS tenant_a CASCADE");
    fruit.tenants("tenant_a");
    fruit.execute(
        "SET ROLE tenant_a_owner",
        "CREATE TABLE tenant_a.growers (id bigint, grower_id text)",
        // Too many for a build in one transaction.
        "INSERT INTO tenant_a.batches SELECT i, now(), 'g' || i % 10, 'received' FROM generate_series(1, 15000) i");
  }

  private static final class OnServer implements NamesCampaign.Site {

    private static final String INDEXES =
        """
        SELECT i.oid, i.relname, t.relname, x.indisvalid, d.description,
               CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END || 'USING btree ('
                 || (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum)
                     FROM pg_attribute a WHERE a.attrelid = i.oid) || ')'
        FROM pg_index x
        JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_class t ON t.oid = x.indrelid
        LEFT JOIN pg_description d
          ON d.objoid = i.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
        WHERE i.relnamespace = 'tenant_a'::regnamespace AND NOT x.indisprimary""";

    private final Fruit fruit;
    private final Database database;
    private final Connection connection;
    private final Engine engine = new Engine();

    OnServer(Fruit fruit, Database database, Connection connection) {
      this.fruit = fruit;
      this.database = database;
      this.connection = connection;
    }

    @Override
    public void person(String sql) {
      fruit.execute("SET ROLE tenant_a_owner", "SET search_path = tenant_a", sql);
    }

    @Override
    public Map<String, String> publicIndexes() {
      Set<String> views = views();
      return indexes().stream()
          .filter(index -> !index.name().startsWith("_tdb_") && !views.contains(index.table()))
          .collect(Collectors.toMap(Live::name, Live::table, (a, b) -> a, TreeMap::new));
    }

    @Override
    public Set<String> relations() {
      return Set.copyOf(
          fruit.query(
              "SELECT relname::text FROM pg_class WHERE relnamespace = 'tenant_a'::regnamespace"));
    }

    @Override
    public boolean isSequence(String name) {
      return fruit
          .query("SELECT sequencename::text FROM pg_sequences WHERE schemaname = 'tenant_a'")
          .contains(name);
    }

    @Override
    public Set<String> views() {
      return Set.copyOf(
          fruit.query("SELECT matviewname::text FROM pg_matviews WHERE schemaname = 'tenant_a'"));
    }

    @Override
    public synchronized List<Live> indexes() {
      List<Live> found = new ArrayList<>();
      try (Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(INDEXES)) {
        while (row.next()) {
          String comment = row.getString(5);
          found.add(
              new Live(
                  row.getLong(1),
                  row.getString(2),
                  row.getString(3),
                  row.getString(6),
                  row.getBoolean(4),
                  comment == null ? "" : comment));
        }
        return found;
      } catch (SQLException e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
    }

    @Override
    public Pass pass(Desired desired, Set<Served> serving) {
      List<String> lost = new CopyOnWriteArrayList<>();
      Thread watcher = new Thread(() -> watch(serving, lost), "names-watcher");
      watcher.start();
      Outcome outcome;
      try {
        outcome = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
      } finally {
        watcher.interrupt();
        join(watcher);
      }
      assertThat(lost).isEmpty();
      assertThat(outcome.results())
          .as("%s", outcome.failures())
          .allMatch(result -> result.status() == ChangeResult.Status.DONE);
      TenantPlan plan = outcome.plan().tenants().get(0);
      return new Pass(
          outcome.states().get("tenant_a"),
          plan.findings(),
          plan.changes(),
          outcome.results().stream().map(ChangeResult::change).toList(),
          false);
    }

    private void watch(Set<Served> serving, List<String> lost) {
      while (!Thread.currentThread().isInterrupted() && lost.isEmpty()) {
        NamesCampaign.lost(serving, indexes()).forEach(served -> lost.add(served.toString()));
        try {
          Thread.sleep(2);
        } catch (InterruptedException e) {
          return;
        }
      }
    }

    private static void join(Thread watcher) {
      try {
        watcher.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}

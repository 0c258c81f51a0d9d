package io.tenantdb.observe;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Hashes;
import io.tenantdb.model.TenantSelection;
import io.tenantdb.model.TimeSpan;
import io.tenantdb.testing.PostgresServer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A database of tenants on a native server: the operator's role {@code op}, no superuser, is a
 * member of the tenants' owner {@code app}.
 */
public final class Fleet implements AutoCloseable {
  public static final String OWNER_ID = "platform/fleet";

  private final PostgresServer server;
  private final String name;
  private final Database database;

  private Fleet(PostgresServer server, String name) {
    this.server = server;
    this.name = name;
    this.database = operator();
  }

  /** A new database of that name; the roles are made once per server. */
  public static Fleet create(PostgresServer server, String name) {
    server.execute(
        "postgres",
        """
        DO $$ BEGIN
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'op') THEN
            CREATE ROLE app LOGIN;
            CREATE ROLE op LOGIN PASSWORD 'op' IN ROLE app;
          END IF;
        END $$
        """);
    server.createDatabase(name);
    return new Fleet(server, name);
  }

  /** Creates schemas {@code <prefix>0} … that belong to {@code app}, with these tables in each. */
  public Fleet tenants(String prefix, int from, int to, String... tables) {
    for (int i = from; i < to; i++) {
      tenant(prefix + i, "app", tables);
    }
    return this;
  }

  /** Creates one schema and its tables; they belong to the role. */
  public Fleet tenant(String schema, String owner, String... tables) {
    String quoted = '"' + schema.replace("\"", "\"\"") + '"';
    StringBuilder all = new StringBuilder("CREATE SCHEMA " + quoted + " AUTHORIZATION " + owner);
    all.append("; SET ROLE ").append(owner).append("; SET search_path = ").append(quoted);
    all.append(", public;");
    for (String table : tables) {
      all.append(table).append(';');
    }
    all.append("RESET ROLE; RESET search_path");
    run(all.toString());
    return this;
  }

  /** Runs SQL as the superuser. */
  public void run(String... statements) {
    server.execute(name, statements);
  }

  /** The database as the operator's role sees it. */
  public Database database() {
    return database;
  }

  public PostgresServer server() {
    return server;
  }

  public String name() {
    return name;
  }

  private Database operator() {
    return Database.of(
        new ConnectionSettings(
            server.host(),
            server.port(),
            name,
            "op",
            new Password("op"),
            new Tls(Tls.Mode.DISABLE, Optional.empty()),
            6,
            "tenantdb test"));
  }

  @Override
  public void close() {
    database.close();
  }

  /** Tenants by patterns, nothing else set. */
  public static TenantSelection select(String... patterns) {
    return new TenantSelection(
        List.of(),
        List.of(patterns),
        List.of(),
        List.of("public"),
        Duration.ZERO,
        TenantSelection.OnMissingTable.WAIT);
  }

  /** Indexes only. */
  public static Desired wants(TenantSelection tenants, DesiredIndex... indexes) {
    return wants(tenants, List.of(indexes), List.of());
  }

  /** Indexes and hypertables. */
  public static Desired wants(
      TenantSelection tenants, List<DesiredIndex> indexes, List<DesiredHypertable> hypertables) {
    return wants(tenants, indexes, hypertables, List.of());
  }

  /** Indexes, hypertables and aggregates. */
  public static Desired wants(
      TenantSelection tenants,
      List<DesiredIndex> indexes,
      List<DesiredHypertable> hypertables,
      List<DesiredAggregate> aggregates) {
    return new Desired(
        OWNER_ID,
        tenants,
        indexes,
        hypertables,
        aggregates,
        List.of(),
        Desired.WhenTimescaleMissing.SKIP,
        new Desired.Safety(Desired.OnDestructive.DENY, Duration.ofSeconds(3), Duration.ofHours(2)));
  }

  /** A continuous aggregate, hourly refreshed and without a fallback. */
  public static DesiredAggregate aggregate(String name, String query, String... mentions) {
    DesiredAggregate.Refresh refresh =
        new DesiredAggregate.Refresh(
            "1 hour",
            Optional.of(new TimeSpan.Interval("7 days")),
            new TimeSpan.Interval("1 hour"),
            Hashes.hex16("refresh"));
    return new DesiredAggregate(
        name,
        query,
        true,
        Optional.of(refresh),
        DesiredAggregate.Fallback.SKIP,
        Optional.empty(),
        Optional.empty(),
        Set.of(mentions),
        Hashes.hex16(name + query));
  }

  /** The aggregate with a materialized view of the same query as its fallback. */
  public static DesiredAggregate fallback(DesiredAggregate aggregate, String... uniqueColumns) {
    return new DesiredAggregate(
        aggregate.name(),
        aggregate.query(),
        aggregate.materializedOnly(),
        aggregate.refresh(),
        DesiredAggregate.Fallback.MATERIALIZED_VIEW,
        aggregate.fallbackQuery(),
        Optional.of(
            index(
                aggregate.name() + "_key",
                aggregate.name(),
                "btree",
                true,
                Arrays.stream(uniqueColumns).map(Fleet::column).toList())),
        aggregate.mentions(),
        aggregate.specHash());
  }

  /** A btree over plain columns. */
  public static DesiredIndex index(String name, String table, String... columns) {
    return index(name, table, "btree", false, Arrays.stream(columns).map(Fleet::column).toList());
  }

  /** An index with these keys. */
  public static DesiredIndex index(
      String name, String table, String method, boolean unique, List<DesiredIndex.Key> keys) {
    return new DesiredIndex(
        name,
        table,
        keys,
        method,
        unique,
        false,
        List.of(),
        Optional.empty(),
        Map.of(),
        Hashes.hex16(name + table + method + unique + keys));
  }

  /** A plain key. */
  public static DesiredIndex.Key column(String column) {
    return new DesiredIndex.Key(
        Optional.of(column),
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** An expression. */
  public static DesiredIndex.Key expression(String expression) {
    return new DesiredIndex.Key(
        Optional.empty(),
        Optional.of(expression),
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** The index with a predicate. */
  public static DesiredIndex where(DesiredIndex index, String predicate) {
    return new DesiredIndex(
        index.name(),
        index.table(),
        index.keys(),
        index.method(),
        index.unique(),
        index.nullsNotDistinct(),
        index.include(),
        Optional.of(predicate),
        index.with(),
        Hashes.hex16(index.specHash() + predicate));
  }
}

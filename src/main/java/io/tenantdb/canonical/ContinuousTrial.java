package io.tenantdb.canonical;

import io.tenantdb.canonical.ViewSite.Hypertable;
import io.tenantdb.database.Confinement;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.database.EventTriggers;
import io.tenantdb.database.Sql;
import io.tenantdb.database.SqlStates;
import io.tenantdb.database.TimeBuckets;
import io.tenantdb.model.CanonicalAggregate.Buildable;
import io.tenantdb.model.CanonicalAggregate.Refused;
import io.tenantdb.model.CanonicalAggregate.Source;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.Reason;
import io.tenantdb.model.RefreshPolicyChange;
import io.tenantdb.model.Statement;
import io.tenantdb.model.TimeSpan;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.postgresql.PGConnection;

/**
 * Asks TimescaleDB what it makes of a query: the continuous aggregate and its policy are made over
 * an empty hypertable with the columns of the real one, in a transaction that is rolled back. The
 * real one is not touched, so that its writers do not wait.
 *
 * <p>The query names the real table. So it is first made a view over a temporary table of that
 * name, which is renamed then: PostgreSQL prints the new name, and the text is that of a query over
 * the empty hypertable.
 *
 * <p>Whose code runs: TimescaleDB computes the width of a bucket, and would call a tenant's
 * function in it. Such a query is not tried. What an owner may put in its place meanwhile runs in
 * {@link Confinement}, on a session that ends with the trial and whose statements have no names
 * that could be given to others.
 */
final class ContinuousTrial implements AutoCloseable {
  private static final String SOURCE = "_tdb_c_source";
  private static final String VIEW = "_tdb_c_view";
  private static final String CLOCK = "_tdb_c_now";

  private static final Set<String> INTEGERS = Set.of("smallint", "integer", "bigint");

  /** Small enough for every integer, and nobody ever writes. */
  private static final String INTEGER_CHUNK = "1000";

  private static final String WINDOW_TOO_SMALL = "policy refresh window too small";

  private static final String TIME_COLUMN =
      """
      SELECT d.column_name
      FROM _timescaledb_catalog.dimension d
      WHERE d.num_slices IS NULL AND d.hypertable_id = coalesce(
        (SELECT ca.mat_hypertable_id FROM _timescaledb_catalog.continuous_agg ca
         WHERE ca.user_view_schema = ? AND ca.user_view_name = ?),
        (SELECT h.id FROM _timescaledb_catalog.hypertable h
         WHERE h.schema_name = ? AND h.table_name = ?))
      ORDER BY d.id
      LIMIT 1""";

  // What it reads beside the temporary table must be nothing that TimescaleDB would lock.
  private static final String OTHER_SOURCES =
      """
      SELECT c.relname
      FROM pg_catalog.pg_rewrite r
      JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass
      JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE r.ev_class = ?::regclass AND c.oid <> r.ev_class AND (
        c.relkind <> 'r' OR EXISTS (
          SELECT FROM _timescaledb_catalog.hypertable h
          WHERE h.schema_name = n.nspname AND h.table_name = c.relname))""";

  private final Connection outside;
  private final Connection connection;
  private final ViewSite site;
  private final QueryTask task;
  private final DesiredAggregate aggregate;
  private final String owner;
  private final String extension;
  private Optional<Confinement> confinement = Optional.empty();

  private ContinuousTrial(
      Connection outside,
      Connection connection,
      ViewSite site,
      QueryTask task,
      DesiredAggregate aggregate,
      String owner,
      String extension) {
    this.outside = outside;
    this.connection = connection;
    this.site = site;
    this.task = task;
    this.aggregate = aggregate;
    this.owner = owner;
    this.extension = extension;
  }

  /**
   * The form with what TimescaleDB says of it; as it is where that cannot be asked.
   *
   * @param outside a session on which nobody else's code runs
   * @param alone gives the session of the trial
   */
  static Buildable asked(
      Connection outside, Supplier<Connection> alone, ViewSite site, QueryTask task, Buildable form)
      throws SQLException {
    List<String> sources =
        form.sources().stream()
            .filter(source -> source.schema().isEmpty())
            .map(Source::name)
            .filter(site.hypertables()::containsKey)
            .toList();
    if (task.continuous().isEmpty()
        || site.owner().isEmpty()
        || sources.size() != 1
        || form.notContinuous().isPresent()) {
      return form;
    }
    try (ContinuousTrial trial =
        new ContinuousTrial(
            outside,
            alone.get(),
            site,
            task,
            task.continuous().get().aggregate(),
            site.owner().get(),
            task.continuous().get().extensionSchema())) {
      return trial.of(form, sources.get(0));
    } catch (DatabaseException noSession) {
      return form;
    }
  }

  private Buildable of(Buildable form, String source) throws SQLException {
    Hypertable table = site.hypertables().get(source);
    Optional<String> query;
    try {
      begin();
      Optional<String> time = timeColumn(source).or(table::timeColumn);
      query = time.isPresent() && mayTry() ? text(source, table) : Optional.empty();
      if (query.isEmpty()) {
        return form;
      }
      hypertable(table, time.get());
    } catch (SQLException cannotBeTried) {
      // TimescaleDB says it when the real one is made.
      return form;
    }
    try {
      run(
          "SET LOCAL search_path = "
              + Identifiers.list(List.of(site.schema(), "pg_catalog", "pg_temp")),
          "CREATE MATERIALIZED VIEW "
              + relation(VIEW)
              + " WITH (timescaledb.continuous, timescaledb.materialized_only = "
              + aggregate.materializedOnly()
              + ") AS\n"
              + query.get()
              + "\nWITH NO DATA",
          "SET LOCAL search_path = pg_catalog, pg_temp");
    } catch (SQLException e) {
      return refused(e, form, source);
    }
    try {
      Optional<TimeSpan> bucket = TimeBuckets.width(connection, site.schema(), VIEW);
      return policy(form.withBucket(bucket));
    } catch (SQLException untold) {
      return form;
    }
  }

  private void begin() throws SQLException {
    connection.unwrap(PGConnection.class).setPrepareThreshold(0);
    connection.setAutoCommit(false);
    Sql.executeAll(
        connection,
        Stream.of(
                "SET LOCAL statement_timeout = '10s'",
                "SET LOCAL lock_timeout = '1s'",
                "SET LOCAL client_min_messages = error")
            .map(Statement::of)
            .toList());
  }

  private Optional<String> timeColumn(String source) throws SQLException {
    return Sql.query(
            connection,
            Statement.of(TIME_COLUMN, site.schema(), source, site.schema(), source),
            row -> row.getString(1))
        .stream()
        .findFirst();
  }

  /** Takes the owner's role; false where it could not make what is tried. */
  private boolean mayTry() throws SQLException {
    boolean may =
        Sql.query(
                connection,
                Statement.of(
                    "SELECT has_schema_privilege(" + Identifiers.literal(owner) + ", ?, 'CREATE')",
                    site.schema()),
                row -> row.getBoolean(1))
            .get(0);
    confinement = may ? Confinement.of(connection, owner) : Optional.empty();
    return confinement.isPresent();
  }

  /** The query over the empty hypertable; empty where it may not be tried. */
  private Optional<String> text(String source, Hypertable table) throws SQLException {
    String view = Identifiers.qualified("pg_temp", VIEW);
    run(
        "CREATE TEMP TABLE "
            + Identifiers.qualified("pg_temp", source)
            + " "
            + CloneSite.columns(table.layout())
            + " ON COMMIT DROP",
        "SET LOCAL search_path = "
            + Identifiers.list(
                Stream.of(List.of("pg_temp", site.schema()), site.searchPath())
                    .flatMap(List::stream)
                    .toList()),
        "CREATE TEMP VIEW " + view + " AS\n" + task.query(),
        "SET LOCAL search_path = pg_catalog, pg_temp");
    if (TempView.ownCode(connection, view).isPresent()
        || !Sql.query(connection, Statement.of(OTHER_SOURCES, view), row -> row.getString(1))
            .isEmpty()) {
      return Optional.empty();
    }
    run(
        "ALTER TABLE "
            + Identifiers.qualified("pg_temp", source)
            + " RENAME TO "
            + Identifiers.quote(SOURCE));
    return Sql.query(
            connection,
            Statement.of("SELECT rtrim(pg_get_viewdef(?::regclass), '; ')", view),
            row -> row.getString(1))
        .stream()
        .findFirst();
  }

  private void hypertable(Hypertable table, String time) throws SQLException {
    Optional<String> integer =
        table.layout().columns().stream()
            .filter(column -> column.name().equals(time))
            .map(column -> column.type())
            .filter(INTEGERS::contains)
            .findFirst();
    List<String> sql = new ArrayList<>();
    sql.add("CREATE TABLE " + relation(SOURCE) + " " + CloneSite.columns(table.layout()));
    sql.add(
        "SELECT "
            + Identifiers.qualified(extension, "create_hypertable")
            + "("
            + Identifiers.literal(relation(SOURCE))
            + "::regclass, "
            + Identifiers.literal(time)
            + ", create_default_indexes => false"
            + integer.map(type -> ", chunk_time_interval => " + INTEGER_CHUNK).orElse("")
            + ")");
    integer.ifPresent(
        type -> {
          // Whether the real one has a clock is asked of the catalogs.
          sql.add(
              "CREATE FUNCTION "
                  + relation(CLOCK)
                  + "() RETURNS "
                  + type
                  + " LANGUAGE sql STABLE AS 'SELECT 0::"
                  + type
                  + "'");
          sql.add(
              "SELECT "
                  + Identifiers.qualified(extension, "set_integer_now_func")
                  + "("
                  + Identifiers.literal(relation(SOURCE))
                  + "::regclass, "
                  + Identifiers.literal(relation(CLOCK))
                  + ")");
        });
    run(sql.toArray(String[]::new));
  }

  /** What TimescaleDB says of the window that is to be refreshed. */
  private Buildable policy(Buildable form) throws SQLException {
    if (aggregate.refresh().isEmpty()) {
      return form;
    }
    try {
      Sql.execute(
          connection,
          RefreshPolicyChange.trial(relation(VIEW), aggregate.refresh().get(), extension));
      return form;
    } catch (SQLException e) {
      String said = SqlStates.primaryMessage(e);
      return said.equals(WINDOW_TOO_SMALL)
          ? form.refusedAs(new Refused(Reason.RefreshWindowInvalid, SqlStates.state(e), said))
          : form;
    }
  }

  private Buildable refused(SQLException e, Buildable form, String source) throws SQLException {
    // A server with one backend answers nobody else before.
    connection.close();
    Reason reason = SqlStates.whileTrying(e);
    boolean aboutIt = reason == Reason.DefinitionRefused || reason == Reason.NotSupported;
    if (!aboutIt || EventTriggers.refusal(outside, e).isPresent()) {
      return form;
    }
    String state = SqlStates.state(e);
    String words =
        SqlStates.messageAndDetail(e).replace(SOURCE, source).replace(VIEW, aggregate.name());
    return form.refusedAs(
        new Refused(
            Reason.DefinitionRefused,
            state,
            state.startsWith("XX") ? SqlStates.withState(words, state) : words));
  }

  private String relation(String name) {
    return Identifiers.qualified(site.schema(), name);
  }

  private void run(String... sql) throws SQLException {
    confinement.orElseThrow().run(sql);
  }

  /** Ends the session, and with it the transaction. */
  @Override
  public void close() throws SQLException {
    connection.close();
  }
}

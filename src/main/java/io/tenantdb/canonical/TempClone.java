package io.tenantdb.canonical;

import io.tenantdb.database.EventTriggers;
import io.tenantdb.database.Sql;
import io.tenantdb.database.TenantCode;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.CanonicalIndex.Refused;
import io.tenantdb.model.CanonicalIndex.Unknown;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An empty table with the columns of a tenant's, on which indexes are tried. It lives in one
 * transaction that is rolled back.
 *
 * <p>Whose code runs: {@code CREATE INDEX} evaluates constant parts of expressions, functions of
 * the tenant among them, even on an empty table. It does so as the table's owner in a
 * security-restricted operation, in which {@code SET ROLE} is refused. The owner of the clone is
 * therefore made the owner of the real table ({@code SET LOCAL ROLE} before {@code CREATE TABLE}):
 * a clone of our own would run the tenant's functions with our rights in every other tenant. Where
 * the role cannot be taken, or is a superuser and the spec does not allow that, only plain columns
 * are tried, as ourselves: they run nobody's code. Where the owner lacks TEMP, the clone is an
 * ordinary table of the tenant's schema, which nobody ever sees: it is never committed.
 */
final class TempClone implements AutoCloseable {
  private static final String INDEX = "_tdb_c_index";
  private static final String ORDINARY = "_tdb_c_table";

  private final Connection connection;
  private final CloneSite site;
  private final int versionNum;
  private String relation;
  private long oid;

  /** The site does not have the rights for a clone. */
  static final class NoRightsException extends Exception {
    private static final long serialVersionUID = 1L;

    NoRightsException(String message) {
      super(message);
    }
  }

  private TempClone(Connection connection, CloneSite site, int versionNum) {
    this.connection = connection;
    this.site = site;
    this.versionNum = versionNum;
  }

  /**
   * Begins the transaction and makes the clone.
   *
   * @throws NoRightsException where neither a temporary nor an ordinary table may be made
   */
  static TempClone create(Connection connection, CloneSite site, int versionNum)
      throws SQLException, NoRightsException {
    TempClone clone = new TempClone(connection, site, versionNum);
    connection.setAutoCommit(false);
    boolean made = false;
    try {
      clone.make();
      made = true;
      return clone;
    } finally {
      if (!made) {
        clone.close();
      }
    }
  }

  private void make() throws SQLException, NoRightsException {
    // A tenant's function may be slow, on purpose or not; nothing of an empty table is.
    run("SET LOCAL statement_timeout = '10s'");
    run("SET LOCAL client_min_messages = error");
    boolean temporary =
        Sql.query(
                connection,
                Statement.of(
                    "SELECT has_database_privilege("
                        + (site.asOwner() ? Identifiers.literal(site.owner()) : "current_user")
                        + ", current_database(), 'TEMP')"),
                row -> row.getBoolean(1))
            .get(0);
    if (site.asOwner()) {
      run("SET LOCAL ROLE " + Identifiers.quote(site.owner()));
    }
    if (temporary) {
      relation = Identifiers.qualified("pg_temp", site.table());
      run("CREATE TEMP TABLE " + relation + " " + site.columns() + " ON COMMIT DROP");
    } else if (site.asOwner() && site.ownerUsesSchema()) {
      relation = Identifiers.qualified(site.schema(), ORDINARY);
      run("CREATE TABLE " + relation + " " + site.columns());
    } else {
      throw new NoRightsException(
          "role "
              + (site.asOwner() ? site.owner() : "of the connection")
              + " may not create temporary tables: GRANT TEMPORARY on the database to it");
    }
    oid =
        Sql.query(
                connection,
                Statement.of("SELECT " + Identifiers.literal(relation) + "::regclass::oid"),
                row -> row.getLong(1))
            .get(0);
  }

  /** What PostgreSQL makes of the index. */
  CanonicalIndex form(IndexTask task) throws SQLException {
    DesiredIndex index = task.index();
    run("SAVEPOINT spec");
    try {
      Optional<String> code =
          index.plainColumns()
              ? Optional.empty()
              : TenantCode.ofLiterals(connection, List.of(oid), site.names());
      if (code.isPresent()) {
        return new Refused(Reason.TenantCodeRefused, "", TenantCode.refusal(code.get()));
      }
      CanonicalIndex form = built(index);
      return task.agreesWith(form) || index.plainColumns()
          ? form
          : withPasts(task, (Buildable) form);
    } catch (SQLException e) {
      CanonicalIndex verdict = Verdicts.of(e, index, site.table());
      run("ROLLBACK TO SAVEPOINT spec");
      return EventTriggers.refusal(connection, e)
          .<CanonicalIndex>map(said -> new Unknown(Reason.EventTriggerRefused, said))
          .orElse(verdict);
    } finally {
      run("ROLLBACK TO SAVEPOINT spec");
    }
  }

  private CanonicalIndex built(DesiredIndex index) throws SQLException {
    build(index);
    BuiltIndex first = read();
    Optional<Refused> refused = first.differsFrom(index, site.layout());
    if (refused.isPresent()) {
      return refused.get();
    }
    String tail = first.tail();
    IndexBody printed = first.body();
    Set<IndexBody> accepted = new LinkedHashSet<>();
    accepted.add(printed);
    // Some texts are printed in another form when they are fed back: what a dump and restore, or
    // whoever copies the definition, makes of them.
    try {
      accepted.add(fedBack(index, tail));
    } catch (SQLException e) {
      if (Verdicts.of(e, index, site.table()) instanceof Unknown unknown) {
        return unknown;
      }
      // Printed text that cannot be read back: then nobody else can have built from it.
    }
    return new Buildable(printed, accepted);
  }

  /** Accepts also what {@code ALTER COLUMN … TYPE} would have made of it. */
  private Buildable withPasts(IndexTask task, Buildable form) throws SQLException {
    DesiredIndex index = task.index();
    Set<IndexBody> accepted = new LinkedHashSet<>(form.accepted());
    Set<IndexBody> open =
        task.live().stream()
            .filter(live -> !accepted.contains(live))
            .filter(live -> Retyping.mayExplain(live, form.printed()))
            .collect(Collectors.toSet());
    for (Retyping past : Retyping.of(site.layout(), form.printed().text())) {
      if (accepted.containsAll(open)) {
        break;
      }
      run("ROLLBACK TO SAVEPOINT spec");
      try {
        run(past.back(relation));
        build(index);
        run(past.forth(relation));
        BuiltIndex altered = read();
        accepted.add(altered.body());
        accepted.add(fedBack(index, altered.tail()));
      } catch (SQLException e) {
        // No index of that past could have come to this day. Ends here where the session did.
        Verdicts.of(e, index, site.table());
      }
    }
    return new Buildable(form.printed(), accepted);
  }

  private void build(DesiredIndex index) throws SQLException {
    run("SET LOCAL search_path = " + site.path());
    // Not where it is declared to be kept: that is asked of the catalogs, without a file there.
    run(index.withTablespace(Optional.empty()).createSql(INDEX, relation, false));
    run("SET LOCAL search_path = pg_catalog, pg_temp");
  }

  private BuiltIndex read() throws SQLException {
    return BuiltIndex.read(connection, oid, site.schema(), versionNum);
  }

  /** What a printed definition is printed as once it has been read again. */
  private IndexBody fedBack(DesiredIndex index, String tail) throws SQLException {
    run("ROLLBACK TO SAVEPOINT spec");
    run(
        "CREATE "
            + (index.unique() ? "UNIQUE " : "")
            + "INDEX "
            + INDEX
            + " ON "
            + relation
            + " "
            + tail);
    return read().body();
  }

  private void run(String sql) throws SQLException {
    Sql.execute(connection, Statement.of(sql));
  }

  /** Rolls back. */
  @Override
  public void close() throws SQLException {
    connection.rollback();
    connection.setAutoCommit(true);
  }

  /** {@link Unknown} for all specs of a site without rights. */
  static Unknown without(NoRightsException e) {
    return new Unknown(Reason.InsufficientPrivilege, e.getMessage());
  }
}

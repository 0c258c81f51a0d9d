package io.tenantdb.database;

import io.tenantdb.model.Identifiers;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs what may call a tenant's code with that tenant's rights: within a {@code SECURITY DEFINER}
 * function of the tenant's, in which PostgreSQL refuses to take another role ({@code SET ROLE} by
 * itself can be taken back by whoever is called). For a transaction that is rolled back.
 *
 * <p>Code that was called can still give other statements to the names of the session's prepared
 * ones, change its settings and take its advisory locks: where it is known to be called, nothing
 * may follow on the session but its end.
 */
public final class Confinement {

  private static final String RUN = "pg_temp._tdb_c_run";
  private static final String ASK = "pg_temp._tdb_c_ask";

  private final Connection connection;

  private Confinement(Connection connection) {
    this.connection = connection;
  }

  /**
   * Takes the role until the end of the transaction that is going on.
   *
   * @return empty where the role may not make temporary functions; it is not taken then
   */
  public static Optional<Confinement> of(Connection connection, String role) throws SQLException {
    boolean may =
        Sql.query(
                connection,
                Statement.of(
                    "SELECT has_database_privilege("
                        + Identifiers.literal(role)
                        + ", current_database(), 'TEMP')"),
                row -> row.getBoolean(1))
            .get(0);
    if (!may) {
      return Optional.empty();
    }
    Confinement confinement = new Confinement(connection);
    confinement.execute("SET LOCAL ROLE " + Identifiers.quote(role));
    confinement.execute(
        "CREATE FUNCTION "
            + RUN
            + "(VARIADIC sql text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS"
            + " $$ DECLARE one text; BEGIN FOREACH one IN ARRAY sql LOOP EXECUTE one; END LOOP; END $$");
    confinement.execute(
        "CREATE FUNCTION "
            + ASK
            + "(query text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER"
            + " SET search_path = pg_catalog, pg_temp AS"
            + " $$ DECLARE answer text; BEGIN EXECUTE query INTO answer; RETURN answer; END $$");
    return Optional.of(confinement);
  }

  /** Runs the statements in order. */
  public void run(String... sql) throws SQLException {
    execute(
        "SELECT "
            + RUN
            + Stream.of(sql).map(Identifiers::literal).collect(Collectors.joining(", ", "(", ")")));
  }

  /** The query's one value as text; empty where it is NULL. */
  public Optional<String> ask(String query) throws SQLException {
    // A value that is NULL is no element of a list.
    return Sql.query(
            connection,
            Statement.of("SELECT " + ASK + "(" + Identifiers.literal(query) + ")"),
            row -> Optional.ofNullable(row.getString(1)))
        .get(0);
  }

  private void execute(String sql) throws SQLException {
    Sql.execute(connection, Statement.of(sql));
  }
}

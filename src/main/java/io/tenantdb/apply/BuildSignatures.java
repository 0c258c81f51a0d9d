package io.tenantdb.apply;

import io.tenantdb.database.Sql;
import io.tenantdb.model.BuildMark;
import io.tenantdb.model.Change;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes on an index whose it is while it is built ({@link BuildMark}), on another connection: it
 * is in the catalogs from the build's first moments on, and a comment asks for no lock that a build
 * holds. Best effort.
 */
final class BuildSignatures {

  private static final Logger LOG = LoggerFactory.getLogger(BuildSignatures.class);

  private final Set<String> signed = ConcurrentHashMap.newKeySet();

  /** Signs what the change builds, once it is there. */
  void sign(Connection connection, Change change) throws SQLException {
    Optional<CreateIndex> build = building(change);
    if (build.isEmpty()) {
      return;
    }
    String index = build.get().target().sibling(build.get().reservedName());
    if (!signed.contains(index) && unsigned(connection, index)) {
      write(connection, build.get());
      signed.add(index);
    }
  }

  private static Optional<CreateIndex> building(Change change) {
    if (change instanceof CreateIndex create) {
      return Optional.of(create);
    }
    return change instanceof IndexReplacement replacement
        ? Optional.of(replacement.build())
        : Optional.empty();
  }

  private static boolean unsigned(Connection connection, String index) throws SQLException {
    return !Sql.query(
            connection,
            Statement.of(
                "SELECT 1 FROM pg_class WHERE oid = to_regclass(?)"
                    + " AND obj_description(oid, 'pg_class') IS NULL",
                index),
            row -> row.getInt(1))
        .isEmpty();
  }

  private static void write(Connection connection, CreateIndex build) throws SQLException {
    List<Statement> statements = new ArrayList<>();
    statements.add(Statement.of("SET LOCAL lock_timeout = '100ms'"));
    // An event trigger must not keep the watch from looking.
    statements.add(Statement.of("SET LOCAL statement_timeout = '1s'"));
    statements.add(Statement.of("SET LOCAL ROLE " + Identifiers.quote(build.target().owner())));
    statements.add(build.signing());
    connection.setAutoCommit(false);
    try {
      Sql.executeAll(connection, statements);
      connection.commit();
    } catch (SQLException notNow) {
      LOG.debug("a build is not signed: {}", notNow.getMessage());
      connection.rollback();
    } finally {
      connection.setAutoCommit(true);
    }
  }
}

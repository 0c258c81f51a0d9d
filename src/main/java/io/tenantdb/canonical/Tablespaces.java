package io.tenantdb.canonical;

import io.tenantdb.database.Sql;
import io.tenantdb.model.Canonical.Placement;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Refused;
import io.tenantdb.model.CanonicalIndex.Unknown;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Whether indexes may be put where they are declared to be kept. PostgreSQL would say so only when
 * the first tenant's index is built there.
 */
final class Tablespaces {
  // Everybody may use the database's own tablespace.
  private static final String READ =
      """
      SELECT p.owner, p.tablespace, t.oid IS NOT NULL, p.tablespace = 'pg_global',
             t.oid = (SELECT dattablespace FROM pg_database WHERE datname = current_database())
               OR has_tablespace_privilege(r.oid, t.oid, 'CREATE')
      FROM unnest(?::text[], ?::text[]) AS p (owner, tablespace)
      LEFT JOIN pg_tablespace t ON t.spcname = p.tablespace
      LEFT JOIN pg_roles r ON r.rolname = p.owner
      """;

  private final Connection connection;

  Tablespaces(Connection connection) {
    this.connection = connection;
  }

  /** Why not, in PostgreSQL's own words, for those for which it is so. */
  Map<Placement, CanonicalIndex> refusals(Set<Placement> placements) throws SQLException {
    Map<Placement, CanonicalIndex> refusals = new HashMap<>();
    if (placements.isEmpty()) {
      return refusals;
    }
    List<Placement> all = List.copyOf(placements);
    Sql.query(
        connection,
        Statement.of(
            READ,
            Statement.array(all.stream().map(Placement::owner).toList()),
            Statement.array(all.stream().map(Placement::tablespace).toList())),
        row -> {
          Placement placement = new Placement(row.getString(1), row.getString(2));
          refusal(placement, row.getBoolean(3), row.getBoolean(4), row.getBoolean(5))
              .ifPresent(refusal -> refusals.put(placement, refusal));
          return placement;
        });
    return refusals;
  }

  private static Optional<CanonicalIndex> refusal(
      Placement placement, boolean exists, boolean shared, boolean allowed) {
    String name = placement.tablespace();
    if (!exists) {
      return Optional.of(
          new Refused(
              Reason.DefinitionRefused, "42704", "tablespace \"" + name + "\" does not exist"));
    }
    if (shared) {
      return Optional.of(
          new Refused(
              Reason.DefinitionRefused,
              "22023",
              "only shared relations can be placed in pg_global tablespace"));
    }
    return allowed
        ? Optional.empty()
        : Optional.of(
            new Unknown(
                Reason.InsufficientPrivilege,
                "permission denied for tablespace "
                    + name
                    + ": GRANT CREATE ON TABLESPACE "
                    + Identifiers.quote(name)
                    + " TO "
                    + Identifiers.quote(placement.owner())));
  }
}

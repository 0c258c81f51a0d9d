package io.tenantdb.observe;

import io.tenantdb.model.Observed.OwnerRights;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the rights of the roles that own declared tables. */
final class OwnerReader {

  /** A role that owns declared tables. */
  record Owner(long oid, String name, OwnerRights rights) {}

  /** A role in a schema. */
  record Place(long schema, long owner) {}

  // Before PostgreSQL 16 every member may SET ROLE.
  private static final String OWNERS =
      """
      SELECT r.oid, r.rolname, r.rolcanlogin, r.rolsuper, pg_has_role(r.oid, '%s')
      FROM pg_roles r JOIN unnest(?::oid[]) AS o(oid) ON o.oid = r.oid
      """;

  private static final String PLACES =
      """
      SELECT p.schema, p.owner
      FROM unnest(?::oid[], ?::oid[]) AS p(schema, owner)
      WHERE has_schema_privilege(p.owner, p.schema, 'USAGE')
        AND has_schema_privilege(p.owner, p.schema, 'CREATE')
      """;

  private final Catalog catalog;

  OwnerReader(Catalog catalog) {
    this.catalog = catalog;
  }

  /** The roles, by oid. */
  Map<Long, Owner> owners(Set<Long> roles) throws SQLException {
    Map<Long, Owner> owners = new HashMap<>();
    catalog
        .rows(
            OWNERS.formatted(catalog.versionNum() >= 160000 ? "SET" : "MEMBER"),
            row ->
                new Owner(
                    row.getLong(1),
                    row.getString(2),
                    new OwnerRights(row.getBoolean(3), row.getBoolean(4), row.getBoolean(5))),
            Catalog.oids(roles))
        .forEach(owner -> owners.put(owner.oid(), owner));
    return owners;
  }

  /** Those of the places in which the role has USAGE and CREATE. */
  Set<Place> usable(Collection<Place> places) throws SQLException {
    List<Place> distinct = places.stream().distinct().toList();
    return new HashSet<>(
        catalog.rows(
            PLACES,
            row -> new Place(row.getLong(1), row.getLong(2)),
            Catalog.oids(distinct.stream().map(Place::schema).toList()),
            Catalog.oids(distinct.stream().map(Place::owner).toList())));
  }
}

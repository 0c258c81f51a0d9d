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

  /**
   * Those of the places in which the role has a right.
   *
   * @param usable USAGE and CREATE
   * @param enterable USAGE
   */
  record Places(Set<Place> usable, Set<Place> enterable) {}

  // Before PostgreSQL 16 every member may SET ROLE.
  private static final String ROLES =
      """
      SELECT r.oid, r.rolname, r.rolcanlogin, r.rolsuper, pg_has_role(r.oid, '%s'), %s
      FROM pg_roles r JOIN unnest(?::%s[]) AS o(role) ON o.role = r.%s
      """;

  // What a background worker of TimescaleDB is held to as any session is. The procedures' schema
  // changed in 2.12; in the old one there are others of the same names since.
  private static final String RUNS =
      """
      has_database_privilege(r.oid, current_database(), 'CONNECT'),
      (SELECT bool_and(has_schema_privilege(r.oid, p.pronamespace, 'USAGE')
                       AND has_function_privilege(r.oid, p.oid, 'EXECUTE'))
       FROM pg_proc p
       WHERE p.proname IN
           ('policy_compression', 'policy_retention', 'policy_refresh_continuous_aggregate')
         AND p.pronamespace = COALESCE(to_regnamespace('_timescaledb_functions'),
                                       to_regnamespace('_timescaledb_internal')))""";

  private static final String PLACES =
      """
      SELECT p.schema, p.owner, has_schema_privilege(p.owner, p.schema, 'CREATE')
      FROM unnest(?::oid[], ?::oid[]) AS p(schema, owner)
      WHERE has_schema_privilege(p.owner, p.schema, 'USAGE')
      """;

  private static final String ACTS_FOR =
      """
      SELECT m.rolname, o.rolname
      FROM unnest(?::name[], ?::name[]) AS p(member, owner)
      JOIN pg_roles m ON m.rolname = p.member JOIN pg_roles o ON o.rolname = p.owner
      WHERE pg_has_role(m.oid, o.oid, 'USAGE')
      """;

  private final Catalog catalog;
  private final boolean policies;

  /**
   * A reader of roles.
   *
   * @param policies whether TimescaleDB is there, which runs policies
   */
  OwnerReader(Catalog catalog, boolean policies) {
    this.catalog = catalog;
    this.policies = policies;
  }

  /** The roles, by oid. */
  Map<Long, Owner> owners(Set<Long> roles) throws SQLException {
    Map<Long, Owner> owners = new HashMap<>();
    roles("oid", Catalog.oids(roles)).forEach(owner -> owners.put(owner.oid(), owner));
    return owners;
  }

  /** The roles that bear one of the names. */
  List<Owner> named(Set<String> roles) throws SQLException {
    return roles.isEmpty() ? List.of() : roles("name", Catalog.names(roles));
  }

  private List<Owner> roles(String by, String values) throws SQLException {
    return catalog.rows(
        ROLES.formatted(
            catalog.versionNum() >= 160000 ? "SET" : "MEMBER",
            policies ? RUNS : "true, true",
            by,
            by.equals("oid") ? "oid" : "rolname"),
        row ->
            new Owner(
                row.getLong(1),
                row.getString(2),
                new OwnerRights(
                    row.getBoolean(3),
                    row.getBoolean(4),
                    row.getBoolean(5),
                    row.getBoolean(6),
                    row.getBoolean(7),
                    Set.of())),
        values);
  }

  /** In which of the places the role has a right. */
  Places places(Collection<Place> places) throws SQLException {
    List<Place> distinct = places.stream().distinct().toList();
    Places found = new Places(new HashSet<>(), new HashSet<>());
    catalog
        .rows(
            PLACES,
            row -> Map.entry(new Place(row.getLong(1), row.getLong(2)), row.getBoolean(3)),
            Catalog.oids(distinct.stream().map(Place::schema).toList()),
            Catalog.oids(distinct.stream().map(Place::owner).toList()))
        .forEach(
            place -> {
              found.enterable().add(place.getKey());
              if (place.getValue()) {
                found.usable().add(place.getKey());
              }
            });
    return found;
  }

  /**
   * Whose rights a role has, of those asked for.
   *
   * @param pairs roles, and the owners of what they have jobs of
   */
  Map<String, Set<String>> actsFor(Collection<Map.Entry<String, String>> pairs)
      throws SQLException {
    Map<String, Set<String>> found = new HashMap<>();
    if (!pairs.isEmpty()) {
      catalog
          .rows(
              ACTS_FOR,
              row -> Map.entry(row.getString(1), row.getString(2)),
              Catalog.names(pairs.stream().map(Map.Entry::getKey).toList()),
              Catalog.names(pairs.stream().map(Map.Entry::getValue).toList()))
          .forEach(e -> found.computeIfAbsent(e.getKey(), m -> new HashSet<>()).add(e.getValue()));
    }
    return found;
  }
}

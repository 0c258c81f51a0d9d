package io.tenantdb.observe;

import io.tenantdb.database.SqlStates;
import java.sql.SQLException;
import java.util.Set;

/** Tells the errors that one tenant's doings cause from those of the whole database. */
final class LockedOrGone {

  // XX000 is what PostgreSQL raises for an oid that vanished under it ("could not open relation
  // with OID", "cache lookup failed").
  private static final Set<String> STATES =
      Set.of("55P03", "40P01", "57014", "42P01", "42704", "3F000", "XX000");

  private LockedOrGone() {}

  /** True where a lock was in the way, or the object vanished. */
  static boolean is(SQLException e) {
    return STATES.contains(SqlStates.state(e));
  }
}

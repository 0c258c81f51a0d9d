package io.tenantdb.plan.usage;

import io.tenantdb.model.ObservedAggregate.Materialization;

/**
 * The name of an index that stands on what keeps a continuous aggregate's rows. Names are shared by
 * all tenants there, and so have the id of that hypertable in them.
 */
record SharedName(String live, Materialization materialization) {

  private static final String ANY = "*";

  /** True where TimescaleDB made it, or PostgreSQL called it for want of a name. */
  boolean timescales() {
    return live.startsWith(materialization.table() + "_");
  }

  /** The same in all tenants. */
  String text() {
    String id = Integer.toString(materialization.id());
    String table = materialization.table();
    if (timescales()) {
      String any =
          table.endsWith(id) ? table.substring(0, table.length() - id.length()) + ANY : ANY;
      return any + live.substring(table.length());
    }
    return live.endsWith("_" + id) ? live.substring(0, live.length() - id.length()) + ANY : live;
  }
}

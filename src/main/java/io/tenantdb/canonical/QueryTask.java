package io.tenantdb.canonical;

import java.util.List;

/**
 * One query over one set of tables.
 *
 * @param aggregate name of the declared aggregate, for messages
 * @param field of the spec that has the query
 * @param sites where it may be tried
 */
record QueryTask(String aggregate, String field, String query, List<ViewSite> sites) {

  QueryTask {
    sites = List.copyOf(sites);
  }
}

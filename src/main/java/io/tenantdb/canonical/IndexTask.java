package io.tenantdb.canonical;

import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexBody;
import java.util.List;
import java.util.Set;

/**
 * One index on one column layout.
 *
 * @param sites where it may be tried, of different owners, the best first
 * @param live what the tenants have under its name
 */
record IndexTask(DesiredIndex index, List<CloneSite> sites, Set<IndexBody> live) {

  IndexTask {
    sites = List.copyOf(sites);
    live = Set.copyOf(live);
  }

  /** True where no tenant has anything else than what the form accepts. */
  boolean agreesWith(CanonicalIndex form) {
    return !(form instanceof Buildable buildable) || buildable.accepted().containsAll(live);
  }
}

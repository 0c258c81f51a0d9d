package io.tenantdb.canonical;

import io.tenantdb.model.DesiredIndex;
import java.util.List;

/**
 * One index on one column layout.
 *
 * @param sites where it may be tried, of different owners, the best first
 */
record IndexTask(DesiredIndex index, List<CloneSite> sites) {

  IndexTask {
    sites = List.copyOf(sites);
  }
}

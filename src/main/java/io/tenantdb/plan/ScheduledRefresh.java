package io.tenantdb.plan;

import io.tenantdb.model.MaterializedViewChange.RefreshMaterializedView;
import java.time.Instant;
import java.util.Optional;

/**
 * The schedule of one materialized view.
 *
 * @param due the refresh whose time has come
 * @param dueSince the first slot that it was not refreshed for
 * @param next the next slot
 */
record ScheduledRefresh(Optional<RefreshMaterializedView> due, Instant dueSince, Instant next) {}

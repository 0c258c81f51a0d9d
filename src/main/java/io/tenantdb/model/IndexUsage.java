package io.tenantdb.model;

import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Size and use of one index over all tenants that have it. An index of a hypertable or of a
 * partitioned table counts with its parts: their sizes, and a scan for each part that was scanned.
 *
 * @param tenants that have it
 * @param bytes of all of them, by {@code pg_class.relpages}: as of the last VACUUM or ANALYZE
 * @param largestBytes of the largest of them
 * @param scans {@code pg_stat_get_numscans}: on this server, a standby counts its own
 * @param unscannedTenants tenants whose index has no scan since the statistics were reset
 * @param lastScan {@code pg_stat_get_lastscan}; empty without a scan, and before PostgreSQL 16
 */
public record IndexUsage(
    int tenants,
    long bytes,
    long largestBytes,
    long scans,
    int unscannedTenants,
    Optional<Instant> lastScan) {

  /** No tenant has it. */
  public static final IndexUsage NONE = new IndexUsage(0, 0, 0, 0, 0, Optional.empty());

  /** Of other tenants, too. */
  public IndexUsage and(IndexUsage others) {
    return new IndexUsage(
        tenants + others.tenants,
        bytes + others.bytes,
        Math.max(largestBytes, others.largestBytes),
        scans + others.scans,
        unscannedTenants + others.unscannedTenants,
        Stream.concat(lastScan.stream(), others.lastScan.stream()).max(Instant::compareTo));
  }
}

package io.tenantdb.model;

import java.time.Instant;

/**
 * An interval as PostgreSQL understands it. Policies are compared field by field ({@code 1 month}
 * is not {@code 30 days}: they act differently), chunk intervals by {@code =}, because TimescaleDB
 * stores them as microseconds with months of 30 days.
 *
 * @param fields months, days and time, printed in one style
 * @param micros the length by which PostgreSQL's {@code =} compares, in microseconds
 * @param before the server's now() minus the interval: data older than this is beyond it
 */
public record CanonicalInterval(String fields, long micros, Instant before) {}

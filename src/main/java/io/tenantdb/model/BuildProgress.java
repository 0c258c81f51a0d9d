package io.tenantdb.model;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * How far a running index build is, as {@code pg_stat_progress_create_index} says.
 *
 * @param object what is built, without the tenant
 * @param percent of the phase's blocks; empty where the phase counts none
 * @param phase in PostgreSQL's words
 * @param blocker who is waited for: pid, application, age; empty when nobody is
 */
public record BuildProgress(
    String schema, String object, OptionalInt percent, String phase, Optional<String> blocker) {}

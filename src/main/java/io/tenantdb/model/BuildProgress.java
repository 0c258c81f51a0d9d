package io.tenantdb.model;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * How far a lasting change is: an index build as {@code pg_stat_progress_create_index} says, the
 * fill of an aggregate by its windows.
 *
 * @param object what is built, without the tenant
 * @param percent of the phase's blocks, or of the windows; empty where nothing is counted
 * @param phase in PostgreSQL's words; ours where it has none
 * @param blocker who is waited for; empty when nobody is
 */
public record BuildProgress(
    String schema, String object, OptionalInt percent, String phase, Optional<Blocker> blocker) {}

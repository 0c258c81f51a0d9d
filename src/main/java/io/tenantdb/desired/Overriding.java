package io.tenantdb.desired;

import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredHypertable.Compression;
import io.tenantdb.model.DesiredHypertable.Retention;
import io.tenantdb.model.PolicyState;
import io.tenantdb.model.TenantOverride;
import java.util.Optional;

/**
 * Merges an override into a hypertable: objects field by field, scalars and lists whole. An
 * override that says {@code Absent} leaves nothing of the policy's other fields.
 */
final class Overriding {

  private Overriding() {}

  /** The hypertable of the tenants that the override names, hashes included. */
  static DesiredHypertable merge(DesiredHypertable base, TenantOverride.Hypertable override) {
    return new DesiredHypertable(
        base.table(),
        base.timeColumn(),
        base.convert(),
        override.chunkInterval().or(base::chunkInterval),
        override
            .compression()
            .map(fields -> merge(base.compression(), fields))
            .or(base::compression),
        override.retention().map(fields -> merge(base.retention(), fields)).or(base::retention));
  }

  /** A policy of these fields alone. */
  static Compression of(TenantOverride.Compression fields) {
    return merge(Optional.<Compression>empty(), fields);
  }

  /** A policy of these fields alone. */
  static Retention of(TenantOverride.Retention fields) {
    return merge(Optional.<Retention>empty(), fields);
  }

  private static Compression merge(
      Optional<Compression> declared, TenantOverride.Compression fields) {
    Optional<Compression> base = declared.filter(policy -> !isAbsent(fields.state()));
    return SpecHash.hashed(
        new Compression(
            fields.state().or(() -> base.map(Compression::state)).orElse(PolicyState.PRESENT),
            fields.after().or(() -> base.flatMap(Compression::after)),
            fields.segmentBy().or(() -> base.flatMap(Compression::segmentBy)),
            fields.orderBy().or(() -> base.flatMap(Compression::orderBy)),
            fields.every().or(() -> base.flatMap(Compression::every)),
            ""));
  }

  private static Retention merge(Optional<Retention> declared, TenantOverride.Retention fields) {
    Optional<Retention> base = declared.filter(policy -> !isAbsent(fields.state()));
    return SpecHash.hashed(
        new Retention(
            fields.state().or(() -> base.map(Retention::state)).orElse(PolicyState.PRESENT),
            fields.dropAfter().or(() -> base.flatMap(Retention::dropAfter)),
            fields.every().or(() -> base.flatMap(Retention::every)),
            ""));
  }

  private static boolean isAbsent(Optional<PolicyState> state) {
    return state.filter(PolicyState.ABSENT::equals).isPresent();
  }
}

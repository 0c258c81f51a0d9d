package io.tenantdb.fleet;

import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import java.util.Optional;

/**
 * Which database it was that passes have seen: a restored one, or one created anew under the same
 * name, is another, and what deletes data is held in it until a person has looked.
 */
final class KnownDatabase {

  private record Identity(Optional<String> systemIdentifier, long databaseOid) {}

  private Optional<Identity> identity = Optional.empty();
  private Optional<Desired> changedUnder = Optional.empty();

  /** True when it is another one than the last time. */
  boolean isAnother(ServerInfo server, Desired desired) {
    Identity now = new Identity(server.systemIdentifier(), server.databaseOid());
    boolean another = identity.filter(before -> !before.equals(now)).isPresent();
    if (another) {
      changedUnder = Optional.of(desired);
    }
    identity = Optional.of(now);
    return another;
  }

  /**
   * Why the change is not made; empty when it may be. A changed spec shows that a person has
   * looked.
   */
  Optional<ChangeResult> hold(Change change, Desired desired) {
    if (!change.hazard().destructive() || !changedUnder.equals(Optional.of(desired))) {
      return Optional.empty();
    }
    return Optional.of(
        ChangeResult.failed(
            change,
            Reason.DatabaseChanged,
            "",
            change.target().schema()
                + ": "
                + change.object()
                + ": the database is another one than before (restored, or created anew); what"
                + " deletes data is held until the spec is changed or the operator restarted."));
  }
}

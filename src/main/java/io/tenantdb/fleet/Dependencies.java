package io.tenantdb.fleet;

import io.tenantdb.model.Change;
import io.tenantdb.model.HypertableChange.ConvertTable;
import io.tenantdb.model.HypertableChange.SetCompression;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.PolicyChange.AddPolicy;
import io.tenantdb.model.PolicyKind;

/** Which change of a tenant makes no sense when an earlier one was not made. */
final class Dependencies {

  private Dependencies() {}

  /** True when {@code change} would only fail for want of {@code earlier}. */
  static boolean needs(Change change, Change earlier) {
    if (!change.target().table().equals(earlier.target().table())) {
      return false;
    }
    if (earlier instanceof ConvertTable) {
      return true;
    }
    if (earlier instanceof SetCompression) {
      return change instanceof AddPolicy add && add.policy() == PolicyKind.COMPRESSION;
    }
    return earlier instanceof DropLeftover leftover
        && change instanceof CreateIndex create
        && create.reservedName().equals(leftover.reservedName());
  }
}

package io.tenantdb.model;

import io.tenantdb.model.AggregateChange.CreateAggregate;
import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.AggregateChange.SetMaterializedOnly;
import io.tenantdb.model.HypertableChange.ConvertTable;
import io.tenantdb.model.HypertableChange.SetCompression;
import io.tenantdb.model.MaterializedViewChange.CreateMaterializedView;
import io.tenantdb.model.PolicyChange.AddPolicy;
import io.tenantdb.model.PolicyChange.AlterPolicy;
import java.util.Optional;

/** Which change of a tenant makes no sense, or does harm, when an earlier one was not made. */
public final class Dependencies {

  private Dependencies() {}

  /**
   * True when {@code change} would only fail for want of {@code earlier}, or would delete rows that
   * {@code earlier} was to read.
   */
  public static boolean needs(Change change, Change earlier) {
    if (earlier.frees().stream().anyMatch(change.takes()::contains)) {
      return true;
    }
    String table = earlier.target().table();
    return change.target().table().equals(table)
        ? needsOnSameTable(change, earlier)
        : needsSource(change, earlier, table);
  }

  private static boolean needsOnSameTable(Change change, Change earlier) {
    if (earlier instanceof ConvertTable
        || earlier instanceof CreateAggregate
        || earlier instanceof CreateMaterializedView) {
      return true;
    }
    if (earlier instanceof SetCompression) {
      // The policy's mark vouches for the settings, too.
      return (change instanceof AddPolicy add && add.policy() == PolicyKind.COMPRESSION)
          || (change instanceof AlterPolicy alter && alter.policy() == PolicyKind.COMPRESSION);
    }
    if (earlier instanceof SetMaterializedOnly set) {
      // So does the aggregate's, which a fill writes too.
      return change instanceof FillAggregate && !set.drift();
    }
    return false;
  }

  /** An aggregate is made after what it reads, filled after it, and no row goes before. */
  private static boolean needsSource(Change change, Change earlier, String table) {
    if (earlier instanceof ConvertTable || earlier instanceof CreateAggregate) {
      if (source(change).filter(table::equals).isPresent()) {
        return true;
      }
    }
    if (earlier instanceof FillAggregate
        && change instanceof FillAggregate
        && source(change).filter(table::equals).isPresent()) {
      return true;
    }
    return deletesRows(change)
        && source(earlier).filter(change.target().table()::equals).isPresent();
  }

  /** The relation of the tenant that an aggregate which is made or filled reads. */
  private static Optional<String> source(Change change) {
    if (change instanceof CreateAggregate create) {
      return Optional.of(create.source());
    }
    return change instanceof FillAggregate fill
            && fill.sourceSchema().equals(fill.target().schema())
        ? Optional.of(fill.source().name())
        : Optional.empty();
  }

  private static boolean deletesRows(Change change) {
    return (change instanceof AddPolicy add && add.policy() == PolicyKind.RETENTION)
        || (change instanceof AlterPolicy alter
            && alter.policy() == PolicyKind.RETENTION
            && alter.shorter());
  }
}

package io.tenantdb.plan;

import io.tenantdb.model.Declaration;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.HypertableChange.SetCompression;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedHypertable;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.OrderBy;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Plans {@code timescaledb.compress}, {@code compress_segmentby} and {@code compress_orderby} of
 * one hypertable.
 */
final class CompressionSettingsPlanner {

  private final TenantDraft draft;
  private final ObservedTable table;
  private final String timeColumn;

  CompressionSettingsPlanner(TenantDraft draft, ObservedTable table, String timeColumn) {
    this.draft = draft;
    this.table = table;
    this.timeColumn = timeColumn;
  }

  /** Returns false when the settings cannot be had, and so neither can the policy. */
  boolean plan(DesiredHypertable.Compression compression) {
    List<String> missing =
        Stream.concat(
                compression.segmentBy().stream().flatMap(List::stream),
                compression.orderBy().stream().flatMap(List::stream).map(OrderBy::column))
            .filter(column -> !draft.hasColumn(table, column))
            .toList();
    if (!missing.isEmpty()) {
      draft.find(
          Verdict.FAILED,
          table.name() + " compression settings",
          Reason.DefinitionRefused,
          "compression of "
              + table.name()
              + " names columns that it does not have: "
              + String.join(", ", missing)
              + ".");
      return false;
    }
    Optional<ObservedHypertable> live = table.hypertable();
    Optional<List<OrderBy>> orderBy = compression.orderBy().map(this::withTimeColumn);
    Optional<List<String>> liveSegmentBy = live.flatMap(ObservedHypertable::segmentBy);
    Optional<List<OrderBy>> liveOrderBy = live.flatMap(ObservedHypertable::orderBy);
    boolean enabled = live.filter(ObservedHypertable::compressionEnabled).isPresent();
    boolean asDeclared =
        enabled
            && (compression.segmentBy().isEmpty() || compression.segmentBy().equals(liveSegmentBy))
            && (orderBy.isEmpty() || orderBy.equals(liveOrderBy));
    Declaration declaration = Declaration.settings(table.name(), compression);
    if (asDeclared) {
      draft.asDeclared(declaration);
    } else {
      draft.change(
          table,
          new SetCompression(
              draft.target(table),
              enabled ? SetCompression.describe(liveSegmentBy, liveOrderBy) : "not enabled",
              // One option may reset the other, so both are sent.
              compression.segmentBy().or(() -> liveSegmentBy),
              orderBy.or(() -> liveOrderBy),
              draft.wasAsDeclared(declaration, policyMark()),
              Optional.empty()));
    }
    return true;
  }

  /** The settings bear no mark; that of their policy is never written before them. */
  private Optional<Mark> policyMark() {
    return table.hypertable().flatMap(h -> h.job(PolicyKind.COMPRESSION)).flatMap(Job::mark);
  }

  /** TimescaleDB appends the time column, descending, where {@code compress_orderby} lacks it. */
  private List<OrderBy> withTimeColumn(List<OrderBy> orderBy) {
    if (orderBy.stream().anyMatch(o -> o.column().equals(timeColumn))) {
      return orderBy;
    }
    List<OrderBy> all = new ArrayList<>(orderBy);
    all.add(new OrderBy(timeColumn, true, true));
    return all;
  }
}

package io.tenantdb.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A change of a hypertable or its settings. All run in one transaction under the table's owner.
 * Functions of TimescaleDB are qualified by the schema of the extension, which need not be {@code
 * public}.
 */
public sealed interface HypertableChange extends Change {

  /** Makes an empty table a hypertable. Takes ACCESS EXCLUSIVE on it for a moment. */
  record ConvertTable(
      Target target, String timeColumn, Optional<TimeSpan> chunkInterval, String extensionSchema)
      implements HypertableChange {
    @Override
    public String object() {
      return target.table();
    }

    @Override
    public String before() {
      return "empty table";
    }

    @Override
    public String after() {
      return "hypertable by "
          + timeColumn
          + chunkInterval.map(interval -> ", chunks of " + interval.text()).orElse("");
    }

    @Override
    public List<Statement> statements() {
      List<String> parameters = new ArrayList<>(List.of(target.relation(), timeColumn));
      chunkInterval.ifPresent(interval -> parameters.add(interval.text()));
      return List.of(
          new Statement(
              "SELECT "
                  + Identifiers.qualified(extensionSchema, "create_hypertable")
                  + "(relation => ?::regclass, time_column_name => ?::name"
                  + chunkInterval.map(i -> ", chunk_time_interval => ?::" + i.sqlType()).orElse("")
                  // Only what is declared is made: the default index on the time column is not.
                  + ", create_default_indexes => false)",
              parameters));
    }

    @Override
    public ConvertTable anyTenant() {
      return new ConvertTable(target.anyTenant(), timeColumn, chunkInterval, extensionSchema);
    }
  }

  /** Sets the length of new chunks; those that exist stay as they are. */
  record SetChunkInterval(
      Target target, TimeSpan live, TimeSpan interval, String extensionSchema, boolean drift)
      implements HypertableChange {
    @Override
    public String object() {
      return target.table() + " chunk interval";
    }

    @Override
    public String before() {
      return live.text();
    }

    @Override
    public String after() {
      return interval.text();
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          Statement.of(
              "SELECT "
                  + Identifiers.qualified(extensionSchema, "set_chunk_time_interval")
                  + "(?::regclass, ?::"
                  + interval.sqlType()
                  + ")",
              target.relation(),
              interval.text()));
    }

    @Override
    public SetChunkInterval anyTenant() {
      return new SetChunkInterval(target.anyTenant(), live, interval, extensionSchema, drift);
    }
  }

  /**
   * Enables compression and sets how new compressed chunks are laid out; those that exist stay as
   * they are.
   */
  record SetCompression(
      Target target,
      String before,
      Optional<List<String>> segmentBy,
      Optional<List<OrderBy>> orderBy,
      boolean drift)
      implements HypertableChange {
    @Override
    public String object() {
      return target.table() + " compression settings";
    }

    @Override
    public String after() {
      return describe(segmentBy, orderBy);
    }

    /** Settings for people: {@code segmentBy batch_id; orderBy recorded_at DESC}. */
    public static String describe(
        Optional<List<String>> segmentBy, Optional<List<OrderBy>> orderBy) {
      String text =
          "segmentBy "
              + segmentBy.map(Identifiers::list).orElse("as TimescaleDB chooses")
              + "; orderBy "
              + orderBy.map(SetCompression::orderBySql).orElse("as TimescaleDB chooses");
      return text;
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          Statement.of(
              "ALTER TABLE "
                  + target.relation()
                  + " SET (timescaledb.compress"
                  + segmentBy
                      .map(
                          c ->
                              ", timescaledb.compress_segmentby = "
                                  + Identifiers.literal(Identifiers.list(c)))
                      .orElse("")
                  + orderBy
                      .map(
                          c ->
                              ", timescaledb.compress_orderby = "
                                  + Identifiers.literal(orderBySql(c)))
                      .orElse("")
                  + ")"));
    }

    private static String orderBySql(List<OrderBy> columns) {
      return columns.stream().map(OrderBy::sql).collect(Collectors.joining(", "));
    }

    @Override
    public SetCompression anyTenant() {
      return new SetCompression(target.anyTenant(), before, segmentBy, orderBy, drift);
    }
  }
}

package io.tenantdb.model;

import io.tenantdb.model.Effect.Aspect;
import io.tenantdb.model.PolicyChange.AlterPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
    public List<Effect> effects() {
      return List.of(
          Effect.sets(target, Aspect.HYPERTABLE), Effect.sets(target, Aspect.CHUNK_INTERVAL));
    }

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
    public List<Effect> effects() {
      return List.of(Effect.sets(target, Aspect.CHUNK_INTERVAL));
    }

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
   *
   * @param marking writes the mark of the policy, which vouches for the settings too, where nothing
   *     else of the policy is to be changed
   */
  record SetCompression(
      Target target,
      String before,
      Optional<List<String>> segmentBy,
      Optional<List<OrderBy>> orderBy,
      boolean drift,
      Optional<AlterPolicy> marking)
      implements HypertableChange {

    /** The same with the mark of the policy in the same transaction. */
    public SetCompression marking(AlterPolicy mark) {
      return new SetCompression(target, before, segmentBy, orderBy, drift, Optional.of(mark));
    }

    @Override
    public List<Effect> effects() {
      return Stream.concat(
              Stream.of(Effect.sets(target, Aspect.COMPRESSION_SETTINGS)),
              marking.stream().flatMap(mark -> mark.effects().stream()))
          .toList();
    }

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
      Statement setting =
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
                  + ")");
      return Stream.concat(
              Stream.of(setting),
              marking.stream()
                  .flatMap(mark -> mark.statements().stream())
                  .map(Statement::asMarking))
          .toList();
    }

    private static String orderBySql(List<OrderBy> columns) {
      return columns.stream().map(OrderBy::sql).collect(Collectors.joining(", "));
    }

    @Override
    public SetCompression anyTenant() {
      return new SetCompression(
          target.anyTenant(),
          before,
          segmentBy,
          orderBy,
          drift,
          marking.map(AlterPolicy::anyTenant));
    }
  }
}

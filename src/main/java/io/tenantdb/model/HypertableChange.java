package io.tenantdb.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A change of a hypertable, its settings or its policies. All run in one transaction under the
 * table's owner. Functions of TimescaleDB are qualified by the schema of the extension, which need
 * not be {@code public}.
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
    public Hazard hazard() {
      return Hazard.NONE;
    }

    @Override
    public boolean drift() {
      return false;
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
                  + chunkInterval.map(i -> ", chunk_time_interval => ?::" + sqlType(i)).orElse("")
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
    public Hazard hazard() {
      return Hazard.NONE;
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          Statement.of(
              "SELECT "
                  + Identifiers.qualified(extensionSchema, "set_chunk_time_interval")
                  + "(?::regclass, ?::"
                  + sqlType(interval)
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
    public Hazard hazard() {
      return Hazard.NONE;
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

  /**
   * Adds a compression or retention policy.
   *
   * @param every schedule interval; TimescaleDB's default when empty
   * @param startInSeconds first run, from now: spread over the tenants so that they do not all run
   *     in the same second
   * @param dropsChunks its first run would drop a chunk
   */
  record AddPolicy(
      Target target,
      PolicyKind policy,
      TimeSpan lag,
      Optional<String> every,
      long startInSeconds,
      Mark mark,
      String extensionSchema,
      boolean dropsChunks,
      boolean drift)
      implements HypertableChange {
    @Override
    public String object() {
      return target.table() + " " + policy.markName();
    }

    @Override
    public String before() {
      return "absent";
    }

    @Override
    public String after() {
      return "after " + lag.text() + every.map(e -> ", every " + e).orElse("");
    }

    @Override
    public Hazard hazard() {
      return dropsChunks ? Hazard.DELETES_DATA : Hazard.NONE;
    }

    @Override
    public List<Statement> statements() {
      List<String> parameters = new ArrayList<>(List.of(target.relation(), lag.text()));
      every.ifPresent(parameters::add);
      parameters.add(startInSeconds + " seconds");
      return List.of(
          new Statement(
              "SELECT "
                  + Identifiers.qualified(extensionSchema, "add_" + policy.markName() + "_policy")
                  + "(?::regclass, "
                  + policy.configKey()
                  + " => ?::"
                  + sqlType(lag)
                  + every.map(e -> ", schedule_interval => ?::interval").orElse("")
                  + ", initial_start => now() + ?::interval)",
              parameters),
          Statement.of(
              "SELECT "
                  + Identifiers.qualified(extensionSchema, "alter_job")
                  + "(job_id, config => config || jsonb_build_object('managed_by', ?::text))"
                  + " FROM timescaledb_information.jobs WHERE proc_name = ?"
                  + " AND hypertable_schema = ? AND hypertable_name = ?",
              mark.text(),
              policy.procedure(),
              target.schema(),
              target.table()));
    }

    @Override
    public AddPolicy anyTenant() {
      return new AddPolicy(
          target.anyTenant(), policy, lag, every, 0, mark, extensionSchema, dropsChunks, drift);
    }
  }

  /**
   * Changes a policy in place: the job keeps its id, its statistics and whatever else its config
   * has. A change of the mark alone is this too.
   *
   * @param lag the lag to set; empty where it is as declared
   * @param every the schedule to set; empty where it is as declared, or not managed
   * @param startInSeconds next run after a change of schedule, from now; TimescaleDB would
   *     otherwise run at once
   */
  record AlterPolicy(
      Target target,
      PolicyKind policy,
      int jobId,
      Optional<TimeSpan> lag,
      Optional<String> every,
      long startInSeconds,
      Mark mark,
      String before,
      String after,
      String extensionSchema,
      boolean dropsChunks,
      boolean drift)
      implements HypertableChange {
    @Override
    public String object() {
      return target.table() + " " + policy.markName();
    }

    @Override
    public Hazard hazard() {
      return dropsChunks ? Hazard.DELETES_DATA : Hazard.NONE;
    }

    @Override
    public List<Statement> statements() {
      List<String> parameters = new ArrayList<>();
      StringBuilder sql =
          new StringBuilder("SELECT ")
              .append(Identifiers.qualified(extensionSchema, "alter_job"))
              .append("(job_id");
      every.ifPresent(
          e -> {
            sql.append(", schedule_interval => ?::interval, next_start => now() + ?::interval");
            parameters.add(e);
            parameters.add(startInSeconds + " seconds");
          });
      sql.append(", config => config || jsonb_build_object(");
      lag.ifPresent(
          l -> {
            sql.append("'").append(policy.configKey()).append("', ");
            // Interval text is stored as PostgreSQL prints it, integer lags as JSON numbers: what
            // the add functions do.
            sql.append(l instanceof TimeSpan.Whole ? "?::bigint, " : "(?::interval)::text, ");
            parameters.add(l.text());
          });
      sql.append(
          "'managed_by', ?::text)) FROM timescaledb_information.jobs WHERE job_id = ?::integer");
      parameters.add(mark.text());
      parameters.add(Integer.toString(jobId));
      return List.of(new Statement(sql.toString(), parameters));
    }

    @Override
    public AlterPolicy anyTenant() {
      return new AlterPolicy(
          target.anyTenant(),
          policy,
          0,
          lag,
          every,
          0,
          mark,
          before,
          after,
          extensionSchema,
          dropsChunks,
          drift);
    }
  }

  /** Removes a policy that is declared {@code Absent}, whoever made it. */
  record RemovePolicy(Target target, PolicyKind policy, String before, String extensionSchema)
      implements HypertableChange {
    @Override
    public String object() {
      return target.table() + " " + policy.markName();
    }

    @Override
    public String after() {
      return "absent";
    }

    @Override
    public Hazard hazard() {
      return Hazard.NONE;
    }

    @Override
    public boolean drift() {
      return true;
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          Statement.of(
              "SELECT "
                  + Identifiers.qualified(
                      extensionSchema, "remove_" + policy.markName() + "_policy")
                  + "(?::regclass)",
              target.relation()));
    }

    @Override
    public RemovePolicy anyTenant() {
      return new RemovePolicy(target.anyTenant(), policy, before, extensionSchema);
    }
  }

  private static String sqlType(TimeSpan span) {
    return span instanceof TimeSpan.Whole ? "bigint" : "interval";
  }
}

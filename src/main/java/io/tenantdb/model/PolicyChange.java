package io.tenantdb.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A change of a compression or retention policy. Runs in one transaction under the table's owner,
 * whose job it is or will be. Functions of TimescaleDB are qualified by the schema of the
 * extension, which need not be {@code public}.
 */
public sealed interface PolicyChange extends Change {

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
      implements PolicyChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.sets(target, policy.aspect()));
    }

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
                  + lag.sqlType()
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
                  target.table())
              .finding()
              .asMarking());
    }

    @Override
    public Optional<Statement> mustFindNothing() {
      return policy == PolicyKind.RETENTION && !dropsChunks
          ? Optional.of(chunksBeyond(target, lag, startInSeconds, extensionSchema))
          : Optional.empty();
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
      boolean shorter,
      boolean dropsChunks,
      boolean drift)
      implements PolicyChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.sets(target, policy.aspect()), Effect.ofJob(Effect.Kind.SETS, jobId));
    }

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
              .append("(j.job_id");
      every.ifPresent(
          e -> {
            sql.append(", schedule_interval => ?::interval, next_start => now() + ?::interval");
            parameters.add(e);
            parameters.add(startInSeconds + " seconds");
          });
      sql.append(", config => j.config || jsonb_build_object(");
      lag.ifPresent(
          l -> {
            sql.append("'").append(policy.configKey()).append("', ");
            // Interval text is stored as PostgreSQL prints it, integer lags as JSON numbers: what
            // the add functions do.
            sql.append(l instanceof TimeSpan.Whole ? "?::bigint, " : "(?::interval)::text, ");
            parameters.add(l.text());
          });
      sql.append("'managed_by', ?::text))");
      parameters.add(mark.text());
      return List.of(
          new Job(target, policy.markName(), jobId).statement(sql.toString(), parameters));
    }

    @Override
    public Optional<Statement> mustFindNothing() {
      return policy == PolicyKind.RETENTION && !dropsChunks && shorter
          ? lag.map(l -> chunksBeyond(target, l, 0, extensionSchema))
          : Optional.empty();
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
          shorter,
          dropsChunks,
          drift);
    }
  }

  /** Removes a policy that is declared {@code Absent}, whoever made it. */
  record RemovePolicy(
      Target target, PolicyKind policy, String before, String extensionSchema, boolean drift)
      implements PolicyChange {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.sets(target, policy.aspect()));
    }

    @Override
    public String object() {
      return target.table() + " " + policy.markName();
    }

    @Override
    public String after() {
      return "absent";
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
      return new RemovePolicy(target.anyTenant(), policy, before, extensionSchema, drift);
    }
  }

  /**
   * The chunks that retention would drop at a run so many seconds from now; any, for integer time.
   */
  private static Statement chunksBeyond(
      Target target, TimeSpan lag, long inSeconds, String extensionSchema) {
    String showChunks = "SELECT " + Identifiers.qualified(extensionSchema, "show_chunks");
    return lag instanceof TimeSpan.Whole
        ? Statement.of(showChunks + "(?::regclass) LIMIT 1", target.relation())
        : Statement.of(
            showChunks + "(?::regclass, older_than => ?::interval - ?::interval) LIMIT 1",
            target.relation(),
            lag.text(),
            inSeconds + " seconds");
  }
}

package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;

/** What the operator last saw. */
@JsonClassDescription("What the operator last saw.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record TenantDatabaseStatus(
    @JsonPropertyDescription("metadata.generation that this status is about.") @Min(0)
        Long observedGeneration,
    @JsonPropertyDescription(
            "Ready, Reconciling, Stalled, Connected, TimescaleAvailable, DriftDetected.")
        @Size(max = 16)
        List<Condition> conditions,
    @JsonPropertyDescription("The server.") DatabaseStatus database,
    @JsonPropertyDescription("How many tenants stand where.") TenantsStatus tenants,
    @JsonPropertyDescription("At most 20 failures, oldest first.") @Size(max = 20)
        List<FailureStatus> failures,
    @JsonPropertyDescription("What is to be done.") PlanStatus plan,
    @JsonPropertyDescription("Where the declared aggregates stand, by name.") @Size(max = 32)
        List<AggregateStatus> aggregates,
    @JsonPropertyDescription(
            "The 20 largest declared indexes, read once an hour at most; sizes and scans to two "
                + "digits. tenantdb indexes prints all, exactly, and undeclared ones too.")
        @Size(max = 20)
        List<IndexStatus> indexes,
    @JsonPropertyDescription(
            "Indexes that add nothing to another one, and foreign keys without an index; those of "
                + "the most tenants first, 20 at most. Nothing is done about them.")
        @Size(max = 20)
        List<RedundancyStatus> redundancies,
    @JsonPropertyDescription("Running builds.") @Size(max = 16) List<ProgressStatus> progress,
    @JsonPropertyDescription(
            "What tenants have had as declared, for the operator's next process: what lacks it then "
                + "has drifted. Without it, or where the spec was changed meanwhile, what was "
                + "dropped while no operator ran is made again.")
        ConvergenceStatus convergence) {
  /** What tenants have had as declared. */
  @JsonClassDescription("What tenants have had as declared.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record ConvergenceStatus(
      @JsonPropertyDescription("metadata.generation of the spec that declared it.") @Min(0)
          Long generation,
      @JsonPropertyDescription(
              "Which server, database and TimescaleDB it was: system_identifier of "
                  + "pg_control_system(), oid of pg_database, edition and extversion.")
          @Size(max = 128)
          String database,
      @JsonPropertyDescription(
              "A digest of each declared thing that all of these tenants have had, 8 characters "
                  + "each.")
          @Size(max = 2048)
          String declarations,
      @JsonPropertyDescription("Tenants that lack one of these.") @Size(max = 20)
          List<@Size(max = 63) String> except,
      @JsonPropertyDescription(
              "Digests of the other tenants and the oids of their tables in pg_class, group by "
                  + "group, 8 characters each.")
          @Size(max = 2048)
          String digests) {}

  /** The server. */
  @JsonClassDescription("The server.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record DatabaseStatus(
      @JsonPropertyDescription("PostgreSQL version: server_version.") @Size(max = 64)
          String serverVersion,
      @JsonPropertyDescription(
              "TimescaleDB version: extversion of pg_extension; absent where it is not "
                  + "installed.")
          @Size(max = 64)
          String timescaleVersion,
      @JsonPropertyDescription(
              "Edition of TimescaleDB: timescale (community) or apache. Maps to SHOW "
                  + "timescaledb.license.")
          @Size(max = 32)
          String license,
      @JsonPropertyDescription(
              "system_identifier of pg_control_system(): tells a restored or failed-over "
                  + "server from another one.")
          @Size(max = 32)
          String systemIdentifier) {}

  /** How many tenants stand where; every tenant is counted once. */
  @JsonClassDescription("How many tenants stand where; every tenant is counted once.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record TenantsStatus(
      @JsonPropertyDescription("Tenant schemas found.") @Min(0) int total,
      @JsonPropertyDescription("Tenants that are as declared.") @Min(0) int synced,
      @JsonPropertyDescription("Tenants with changes yet to be made.") @Min(0) int pending,
      @JsonPropertyDescription("Tenants where something live differs from what is declared.")
          @Min(0)
          int drifted,
      @JsonPropertyDescription("Tenants with a change that failed or cannot be made.") @Min(0)
          int failed,
      @JsonPropertyDescription("Tenants that lack a declared table or have not settled.") @Min(0)
          int waiting,
      @JsonPropertyDescription(
              "Tenants that have none of the declared tables, under onMissingTable: Skip.")
          @Min(0)
          int skipped) {}

  /** One failure. */
  @JsonClassDescription("One failure.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record FailureStatus(
      @JsonPropertyDescription("The tenant.") @Required @Size(max = 63) String schema,
      @JsonPropertyDescription("What it is about: batches.ix_batches_intake_date.") @Size(max = 200)
          String object,
      @JsonPropertyDescription("Why, in one word.") @Required @Size(max = 64) String reason,
      @JsonPropertyDescription("PostgreSQL's SQLSTATE, where PostgreSQL said why.") @Size(max = 5)
          String sqlState,
      @JsonPropertyDescription("One sentence that says what to do.") @Size(max = 256)
          String message,
      @JsonPropertyDescription("When it was first seen, RFC 3339.") @Size(max = 40) String since) {}

  /** What is to be done. */
  @JsonClassDescription("What is to be done.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record PlanStatus(
      @JsonPropertyDescription("Hash of the whole plan: equal for equal plans.") @Size(max = 64)
          String hash,
      @JsonPropertyDescription("Objects to be made, over all tenants.") @Min(0) int creates,
      @JsonPropertyDescription("Objects to be changed, over all tenants.") @Min(0) int changes,
      @JsonPropertyDescription(
              "Changes that would lose rows, or an object that queries may rely on, over all tenants.")
          @Min(0)
          int destructive,
      @JsonPropertyDescription("At most 20 changes, each with the number of tenants that need it.")
          @Size(max = 20)
          List<TemplateStatus> templates) {}

  /** One change of all tenants that need it. */
  @JsonClassDescription("One change of all tenants that need it.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record TemplateStatus(
      @JsonPropertyDescription("Kind of change: CreateIndex, AddPolicy, ….")
          @Required
          @Size(max = 32)
          String kind,
      @JsonPropertyDescription("What is changed, without the tenant.") @Required @Size(max = 200)
          String object,
      @JsonPropertyDescription("What is there now.") @Size(max = 512) String before,
      @JsonPropertyDescription("What will be there.") @Size(max = 512) String after,
      @JsonPropertyDescription("What it can do to the application.") @Size(max = 32) String hazard,
      @JsonPropertyDescription("Tenants that need it.") @Min(0) int tenants) {}

  /** Where one aggregate stands, over all tenants. */
  @JsonClassDescription("Where one aggregate stands, over all tenants.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record AggregateStatus(
      @JsonPropertyDescription("Name of the aggregate.") @Required @Size(max = 63) String name,
      @JsonPropertyDescription("Tenants that have it as a continuous aggregate.") @Min(0)
          int continuous,
      @JsonPropertyDescription(
              "Continuous aggregates that the operator made and whose first fill is not complete.")
          @Min(0)
          Integer unfilled,
      @JsonPropertyDescription(
              "Tenants that have it as a materialized view, which the operator refreshes.")
          @Min(0)
          Integer materializedViews,
      @JsonPropertyDescription("Materialized views whose scheduled refresh has not been made yet.")
          @Min(0)
          Integer overdue,
      @JsonPropertyDescription(
              "Scheduled time of the refresh that is the longest ago, RFC 3339, at most an hour "
                  + "behind: it is written anew when it has moved that far. The metric "
                  + "tenantdb_aggregate_oldest_refresh_timestamp_seconds is exact.")
          @Size(max = 40)
          String oldestRefresh,
      @JsonPropertyDescription(
              "Tenants that do without it: no continuous aggregate can be, and fallback is Skip.")
          @Min(0)
          Integer skipped,
      @JsonPropertyDescription("Why tenants are skipped: the sentence of the first of them.")
          @Size(max = 256)
          String why) {}

  /** How one declared index is used, over all tenants. */
  @JsonClassDescription("How one declared index is used, over all tenants.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record IndexStatus(
      @JsonPropertyDescription("Name of the index.") @Required @Size(max = 63) String name,
      @JsonPropertyDescription("Its table.") @Required @Size(max = 63) String table,
      @JsonPropertyDescription("Tenants that have it.") @Min(0) int tenants,
      @JsonPropertyDescription(
              "Size over all tenants, to two digits: relpages of pg_class, in bytes.")
          @Min(0)
          Long bytes,
      @JsonPropertyDescription(
              "Scans over all tenants, to two digits: pg_stat_get_numscans. A standby counts its "
                  + "own.")
          @Min(0)
          Long scans,
      @JsonPropertyDescription(
              "Tenants whose index was never scanned since then; from 100 on to two digits, "
                  + "unless it is all of them.")
          @Min(0)
          int unscannedTenants,
      @JsonPropertyDescription(
              "True where no tenant's was scanned for 14 days at least, and no constraint, foreign "
                  + "key or replica identity needs it.")
          Boolean unused,
      @JsonPropertyDescription(
              "From when on scans are counted, RFC 3339: the last reset of the statistics "
                  + "(stats_reset of pg_stat_database), or crash of the server.")
          @Size(max = 40)
          String since) {}

  /** An index that adds nothing to another one, or a foreign key without an index. */
  @JsonClassDescription("An index that adds nothing to another one, or a foreign key without one.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record RedundancyStatus(
      @JsonPropertyDescription(
              "Duplicate (the same definition), Prefix (all keys begin another index) or ForeignKey "
                  + "(no index begins with its columns).")
          @Required
          @Size(max = 32)
          String kind,
      @JsonPropertyDescription("The table.") @Required @Size(max = 63) String table,
      @JsonPropertyDescription("The index that could go; absent for a foreign key.") @Size(max = 63)
          String index,
      @JsonPropertyDescription("The index that makes it so; absent for a foreign key.")
          @Size(max = 63)
          String by,
      @JsonPropertyDescription(
              "Tenants in which it was found; 0 where only the spec has it so yet.")
          @Min(0)
          int tenants,
      @JsonPropertyDescription("One sentence that says what to do.") @Size(max = 256)
          String message) {}

  /** One running build. */
  @JsonClassDescription("One running build of an index, or first fill of an aggregate.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record ProgressStatus(
      @JsonPropertyDescription("The tenant.") @Required @Size(max = 63) String schema,
      @JsonPropertyDescription("What is built.") @Size(max = 200) String object,
      @JsonPropertyDescription(
              "Per cent of the phase's blocks, where the phase counts them: "
                  + "pg_stat_progress_create_index. Of a first fill, per cent of the time that its "
                  + "rows span.")
          @Min(0)
          @Max(100)
          Integer percent,
      @JsonPropertyDescription(
              "The phase in PostgreSQL's words, or up to when an aggregate is filled.")
          @Size(max = 128)
          String phase,
      @JsonPropertyDescription("Who is waited for: pid, application, age.") @Size(max = 256)
          String blocker) {}
}

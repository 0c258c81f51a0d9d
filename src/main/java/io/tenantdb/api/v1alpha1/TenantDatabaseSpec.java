package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;

/** {@code spec}: what every tenant schema of one database must have. */
@JsonClassDescription("What every tenant schema of one database must have.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
@ValidationRule(
    value =
        "!has(self.tenants.overrides) || self.tenants.overrides.all(o, "
            + "o.hypertables.all(h, has(self.hypertables) && self.hypertables.exists(b, "
            + "b.table == h.table)))",
    message = Grammar.OVERRIDE_TABLE_MESSAGE,
    fieldPath = ".tenants.overrides")
@ValidationRule(
    value =
        "!has(self.aggregates) || !has(self.indexes) || !self.aggregates.exists(a, "
            + "self.indexes.exists(i, i.name == a.name))",
    message = Grammar.INDEX_AND_AGGREGATE_MESSAGE,
    fieldPath = ".aggregates")
@ValidationRule(
    value =
        "!has(self.aggregates) || !has(self.hypertables) || !self.aggregates.exists(a, "
            + "self.hypertables.exists(h, h.table == a.name))",
    message = Grammar.HYPERTABLE_AND_AGGREGATE_MESSAGE,
    fieldPath = ".aggregates")
@ValidationRule(
    value =
        "!has(self.rollout) || !has(self.rollout.maxParallel) || "
            + "!has(self.database.maxConnections) || "
            + "self.database.maxConnections >= self.rollout.maxParallel + 2",
    message = Grammar.MAX_PARALLEL_MESSAGE,
    fieldPath = ".rollout.maxParallel")
@ValidationRule(
    value =
        "has(self.ownerId) == has(oldSelf.ownerId) && (!has(self.ownerId) || "
            + "self.ownerId == oldSelf.ownerId)",
    message = Grammar.OWNER_ID_MESSAGE)
public record TenantDatabaseSpec(
    @JsonPropertyDescription(
            "Whose marks on the database's objects are ours: it survives a move to another "
                + "cluster or name. <namespace>/<name> when absent. Immutable.")
        @Size(min = 1, max = 128)
        @Pattern(Grammar.OWNER_ID)
        String ownerId,
    @JsonPropertyDescription(
            "True: observe and report, change nothing. A build that runs is let finish.")
        Boolean suspend,
    @JsonPropertyDescription(
            "Time between two drift checks, jittered. A Go duration between 30s and 24h.")
        @Size(max = 24)
        @Pattern(Grammar.DURATION)
        @ValidationRule(
            value = "duration(self) >= duration('30s') && duration(self) <= duration('24h')",
            message = Grammar.INTERVAL_RANGE_MESSAGE)
        String interval,
    @JsonPropertyDescription("The database to connect to.") @Required DatabaseSpec database,
    @JsonPropertyDescription("Which schemas are tenants.") @Required TenantsSpec tenants,
    @JsonPropertyDescription("Indexes of every tenant, by name.") @Size(max = 512)
        List<IndexSpec> indexes,
    @JsonPropertyDescription("Hypertables of every tenant, with their policies, by table.")
        @Size(max = 32)
        List<HypertableSpec> hypertables,
    @JsonPropertyDescription("Aggregates of every tenant, by name.") @Size(max = 32)
        List<AggregateSpec> aggregates,
    @JsonPropertyDescription("Behaviour without TimescaleDB.") TimescaleSpec timescale,
    @JsonPropertyDescription("Guard rails.") SafetySpec safety,
    @JsonPropertyDescription("How fast changes go through the tenants.") RolloutSpec rollout) {}

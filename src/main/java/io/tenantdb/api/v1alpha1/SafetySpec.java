package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** {@code spec.safety}: guard rails. */
@JsonClassDescription("Guard rails.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record SafetySpec(
    @JsonPropertyDescription(
            "Changes that lose something, judged by effect: a retention whose next run would drop "
                + "a chunk, and pruning (DestructiveDenied); replacing an index that was there "
                + "before us under a declared name (Conflict). Deny (they are refused) or Allow.")
        @Size(max = 16)
        String onDestructive,
    @JsonPropertyDescription(
            "What had been as declared and is not any more, because somebody changed or dropped "
                + "it: Correct (it is made so again) or Report (DriftReported, and it is left as it "
                + "is). What this spec declares anew is made under both. What was dropped while no "
                + "operator ran is known from status.convergence, and not to the command line.")
        @Size(max = 16)
        String onDrift,
    @JsonPropertyDescription(
            "What we made and the spec declares no more: Disabled (it stays) or OwnedOnly (DROP "
                + "INDEX CONCURRENTLY and the like, tenant by tenant, once all that is declared is "
                + "valid there; destructive: see onDestructive). What we adopted always stays.")
        @Size(max = 16)
        String prune,
    @JsonPropertyDescription(
            "When this resource is deleted: Retain (the database stays as it is) or Delete (what we "
                + "made is dropped first; a converted table stays a hypertable).")
        @Size(max = 16)
        String deletionPolicy,
    @JsonPropertyDescription(
            "True: expressions and predicates are tried and built on tables of a superuser too. "
                + "Their functions run with that role's rights, those that a tenant may replace "
                + "included. False: such tables get plain columns only.")
        Boolean allowSuperuserOwned,
    @JsonPropertyDescription(
            "Longest wait for a lock behind which other sessions queue. Maps to SET "
                + "lock_timeout. A Go duration of at most 10m.")
        @Size(max = 24)
        @Pattern(Grammar.DURATION)
        @ValidationRule(
            value = "duration(self) <= duration('10m')",
            message = Grammar.LOCK_TIMEOUT_MESSAGE)
        String lockTimeout,
    @JsonPropertyDescription(
            "Longest build of one index on one table, waiting included. A Go duration of at "
                + "most 168h.")
        @Size(max = 24)
        @Pattern(Grammar.DURATION)
        @ValidationRule(
            value = "duration(self) <= duration('168h')",
            message = Grammar.BUILD_TIMEOUT_MESSAGE)
        String buildTimeout) {}

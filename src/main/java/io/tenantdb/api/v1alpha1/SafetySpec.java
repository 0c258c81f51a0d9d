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
            "Changes that lose data, judged by effect: a retention whose next run would drop "
                + "a chunk. Deny (they are refused with DestructiveDenied) or Allow.")
        @Size(max = 16)
        String onDestructive,
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

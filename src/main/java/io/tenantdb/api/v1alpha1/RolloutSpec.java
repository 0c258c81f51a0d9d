package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** {@code spec.rollout}. */
@JsonClassDescription("How fast changes go through the tenants.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record RolloutSpec(
    @JsonPropertyDescription(
            "Tenants that are worked on at once, each on a connection of its own. "
                + "database.maxConnections must be larger by at least 2.")
        @Min(1)
        @Max(32)
        Integer maxParallel) {}

package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;

/** {@code spec.timescale}. */
@JsonClassDescription("Behaviour without TimescaleDB.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record TimescaleSpec(
    @JsonPropertyDescription(
            "A database without the extension timescaledb, or with its Apache edition, which "
                + "has no policies: Skip what needs it (indexes are still built, and "
                + "TimescaleAvailable says so), or Fail.")
        @Size(max = 16)
        String whenMissing) {}

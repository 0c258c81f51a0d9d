package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** One column of {@code compression.orderBy}. */
@JsonClassDescription("One column of the order inside compressed batches.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record OrderBySpec(
    @JsonPropertyDescription("Column of the hypertable.")
        @Required
        @Size(min = 1, max = 63)
        @Pattern(Grammar.NAME)
        String column,
    @JsonPropertyDescription("Asc (when absent) or Desc. Maps to ASC and DESC.") @Size(max = 8)
        String order,
    @JsonPropertyDescription(
            "First or Last. Maps to NULLS FIRST and NULLS LAST; when absent PostgreSQL's own "
                + "rule: Last for Asc, First for Desc.")
        @Size(max = 8)
        String nulls) {}

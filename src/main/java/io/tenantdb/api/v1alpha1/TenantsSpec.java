package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;

/** {@code spec.tenants}: which schemas are tenants. */
@JsonClassDescription("Which schemas are tenants.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
@ValidationRule(
    value =
        "(has(self.patterns) && size(self.patterns) > 0) || (has(self.schemas) && "
            + "size(self.schemas) > 0)",
    message = Grammar.NO_TENANTS_MESSAGE)
public record TenantsSpec(
    @JsonPropertyDescription(
            "Schemas that are always tenants, by exact name; a missing one is reported as "
                + "SchemaMissing.")
        @Size(max = 100)
        List<@Size(min = 1, max = 63) @Pattern(Grammar.NAME) String> schemas,
    @JsonPropertyDescription(
            "Globs over schema names: a schema that matches one is a tenant. * is any run of "
                + "characters, ? one character, everything else, also _, is literal. System "
                + "schemas never match.")
        @Size(max = 32)
        List<@Size(min = 1, max = 63) @Pattern(Grammar.NAME) String> patterns,
    @JsonPropertyDescription(
            "Globs over schema names that are no tenants, whatever schemas and patterns say.")
        @Size(max = 100)
        List<@Size(min = 1, max = 63) @Pattern(Grammar.NAME) String> exclude,
    @JsonPropertyDescription(
            "Schemas after the tenant's own in which names in expressions, predicates, "
                + "operator classes and collations are looked up. Maps to SET search_path. "
                + "[public] when absent.")
        @Size(max = 8)
        List<@Size(min = 1, max = 63) @Pattern(Grammar.NAME) String> searchPath,
    @JsonPropertyDescription(
            "A new tenant is touched once its tables look the same in two observations this "
                + "far apart, so that an application that is creating them is not disturbed. A Go "
                + "duration; 0s turns it off.")
        @Size(max = 24)
        @Pattern(Grammar.DURATION_OR_ZERO)
        @ValidationRule(
            value = "duration(self) <= duration('24h')",
            message = Grammar.SETTLE_MESSAGE)
        String settle,
    @JsonPropertyDescription(
            "A tenant without a declared table: Wait (it is waiting), Skip (what is declared "
                + "on that table is ignored) or Fail (TableMissing).")
        @Size(max = 16)
        String onMissingTable,
    @JsonPropertyDescription(
            "Values that differ for some tenants, by name. No two may set the same table of "
                + "one schema.")
        @Size(max = 50)
        List<OverrideSpec> overrides) {}

package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crd.generator.annotation.SchemaFrom;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.IntOrString;
import java.util.List;

/** {@code spec.aggregates[]}: one aggregate of every tenant. */
@JsonClassDescription(
    "One aggregate that every tenant must have: a continuous aggregate where the query reads a "
        + "hypertable and TimescaleDB community is there, else what fallback says.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
@ValidationRule(
    value =
        "!has(self.fallback) || self.fallback != 'MaterializedView' || (has(self.refresh) && "
            + "has(self.uniqueColumns))",
    message = Grammar.FALLBACK_NEEDS_MESSAGE)
@ValidationRule(
    value =
        "!has(self.uniqueColumns) || (has(self.fallback) && self.fallback == "
            + "'MaterializedView')",
    message = Grammar.UNIQUE_COLUMNS_MESSAGE)
@ValidationRule(
    value =
        "!has(self.fallbackQuery) || (has(self.fallback) && self.fallback == "
            + "'MaterializedView')",
    message = Grammar.FALLBACK_QUERY_MESSAGE)
public record AggregateSpec(
    @JsonPropertyDescription(
            "Name of the view, unique in its schema as in PostgreSQL. Maps to CREATE "
                + "MATERIALIZED VIEW. Names that begin with _tdb_ or _timescaledb_ are reserved.")
        @Required
        @Size(min = 1, max = 63)
        @Pattern(Grammar.NAME)
        @ValidationRule(
            value = "!self.startsWith('_tdb_') && !self.startsWith('_timescaledb_')",
            message = Grammar.RESERVED_MESSAGE)
        String name,
    @JsonPropertyDescription(
            "One SELECT without a semicolon at its end; its columns need distinct names. Names "
                + "without a schema are looked up in the tenant's schema, then along "
                + "tenants.searchPath. Maps to AS.")
        @Required
        @Size(min = 1, max = 16_384)
        @Pattern(Grammar.NOT_BLANK)
        @ValidationRule(value = Grammar.NO_SEMICOLON, message = Grammar.SEMICOLON_MESSAGE)
        String query,
    @JsonPropertyDescription(
            "Maps to timescaledb.materialized_only; true when absent. False: a query sees rows "
                + "that are not materialized yet, too.")
        Boolean materializedOnly,
    @JsonPropertyDescription(
            "Refresh policy, or the schedule of the fallback; not managed when absent. Maps to "
                + "add_continuous_aggregate_policy.")
        RefreshSpec refresh,
    @JsonPropertyDescription(
            "Where no continuous aggregate can be (the query reads plain tables, no TimescaleDB, "
                + "its Apache licence): Skip (when absent) leaves the aggregate out and reports it, "
                + "MaterializedView makes a materialized view, which the operator refreshes at "
                + "refresh.every. Maps to CREATE MATERIALIZED VIEW and REFRESH MATERIALIZED VIEW "
                + "CONCURRENTLY.")
        @Size(max = 32)
        String fallback,
    @JsonPropertyDescription(
            "Query of the materialized view where query calls functions that only TimescaleDB "
                + "has, for example date_bin in place of time_bucket; query when absent. Only with "
                + "fallback MaterializedView.")
        @Size(min = 1, max = 16_384)
        @Pattern(Grammar.NOT_BLANK)
        @ValidationRule(value = Grammar.NO_SEMICOLON, message = Grammar.SEMICOLON_MESSAGE)
        String fallbackQuery,
    @JsonPropertyDescription(
            "Columns of the result that identify a row. Maps to CREATE UNIQUE INDEX <name>_key on "
                + "the materialized view, which lets it refresh without blocking readers. Only with "
                + "fallback MaterializedView, which needs it.")
        @Size(min = 1, max = 16)
        List<@Size(min = 1, max = 63) @Pattern(Grammar.NAME) String> uniqueColumns) {
  /** {@code spec.aggregates[].refresh}. */
  @JsonClassDescription("When the aggregate is refreshed.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  @ValidationRule(
      value =
          "!has(self.startOffset) || (type(self.startOffset) == string) == (type(self.endOffset) == string)",
      message = Grammar.OFFSET_TYPES_MESSAGE)
  @ValidationRule(
      value =
          "!has(self.startOffset) || (type(self.startOffset) == string) != "
              + "(type(self.endOffset) == string) || (type(self.startOffset) == int ? int(self.startOffset) > int(self.endOffset) : "
              + "!string(self.startOffset).matches('^[0-9]+ ?(h|d|w|mon|y)[a-z]*$') || "
              + "!string(self.endOffset).matches('^[0-9]+ ?(h|d|w|mon|y)[a-z]*$') || "
              + "int(string(self.startOffset).find('^[0-9]+')) * "
              + "(string(self.startOffset).matches('^[0-9]+ ?y') ? 8640 : "
              + "string(self.startOffset).matches('^[0-9]+ ?mon') ? 720 : "
              + "string(self.startOffset).matches('^[0-9]+ ?w') ? 168 : "
              + "string(self.startOffset).matches('^[0-9]+ ?d') ? 24 : 1) > "
              + "int(string(self.endOffset).find('^[0-9]+')) * "
              + "(string(self.endOffset).matches('^[0-9]+ ?y') ? 8640 : "
              + "string(self.endOffset).matches('^[0-9]+ ?mon') ? 720 : "
              + "string(self.endOffset).matches('^[0-9]+ ?w') ? 168 : "
              + "string(self.endOffset).matches('^[0-9]+ ?d') ? 24 : 1))",
      message = Grammar.OFFSETS_MESSAGE)
  public record RefreshSpec(
      @JsonPropertyDescription(
              "Time between two refreshes. Maps to "
                  + "add_continuous_aggregate_policy(schedule_interval). PostgreSQL interval text of "
                  + "positive whole units, for example 30 days, 7d, 1 mon, 2 years; a bare m is "
                  + "refused, because PostgreSQL reads it as minutes.")
          @Required
          @Size(min = 2, max = 48)
          @Pattern(Grammar.INTERVAL)
          @ValidationRule(
              value =
                  "!(self.matches('[0-9] ?(mon|y)') && self.matches('[0-9] ?(us|ms|s|min|h|d|w)'))",
              message = Grammar.MONTHS_AND_DAYS_MESSAGE)
          String every,
      @JsonPropertyDescription(
              "How far back the refreshed window begins; from the beginning when absent, which is "
                  + "refused where the source has a retention policy, and so is a window that reaches "
                  + "behind it. Maps to add_continuous_aggregate_policy(start_offset). Not used by "
                  + "the fallback. PostgreSQL interval text of positive whole units, for example 30 "
                  + "days, 7d, 1 mon, 2 years; a bare m is refused, because PostgreSQL reads it as "
                  + "minutes. A whole number for an integer time column.")
          @SchemaFrom(type = IntOrString.class)
          IntOrText startOffset,
      @JsonPropertyDescription(
              "How long before now the refreshed window ends; the window must hold two buckets. "
                  + "Maps to add_continuous_aggregate_policy(end_offset). Not used by the fallback. "
                  + "PostgreSQL interval text of positive whole units, for example 30 days, 7d, 1 "
                  + "mon, 2 years; a bare m is refused, because PostgreSQL reads it as minutes. A "
                  + "whole number for an integer time column.")
          @Required
          @SchemaFrom(type = IntOrString.class)
          IntOrText endOffset) {}
}

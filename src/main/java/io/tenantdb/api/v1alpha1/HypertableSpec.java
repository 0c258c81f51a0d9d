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

/** {@code spec.hypertables[]}: one hypertable of every tenant, with its policies. */
@JsonClassDescription(
    "One table that every tenant must have as a hypertable, with its policies. What "
        + "is not declared is not managed.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
@ValidationRule(
    value =
        "!has(self.compression) || !has(self.retention) || !has(self.compression.after) "
            + "|| !has(self.retention.dropAfter) || type(self.compression.after) != string || "
            + "type(self.retention.dropAfter) != string || "
            + "!string(self.compression.after).matches('^[0-9]+ ?(h|d|w|mon|y)[a-z]*$') || "
            + "!string(self.retention.dropAfter).matches('^[0-9]+ ?(h|d|w|mon|y)[a-z]*$') || "
            + "int(string(self.retention.dropAfter).find('^[0-9]+')) * "
            + "(string(self.retention.dropAfter).matches('^[0-9]+ ?y') ? 8640 : "
            + "string(self.retention.dropAfter).matches('^[0-9]+ ?mon') ? 720 : "
            + "string(self.retention.dropAfter).matches('^[0-9]+ ?w') ? 168 : "
            + "string(self.retention.dropAfter).matches('^[0-9]+ ?d') ? 24 : 1) > "
            + "int(string(self.compression.after).find('^[0-9]+')) * "
            + "(string(self.compression.after).matches('^[0-9]+ ?y') ? 8640 : "
            + "string(self.compression.after).matches('^[0-9]+ ?mon') ? 720 : "
            + "string(self.compression.after).matches('^[0-9]+ ?w') ? 168 : "
            + "string(self.compression.after).matches('^[0-9]+ ?d') ? 24 : 1)",
    message = Grammar.RETENTION_SHORTER_MESSAGE)
@ValidationRule(
    value =
        "!has(self.compression) || !has(self.compression.segmentBy) || !(self.timeColumn "
            + "in self.compression.segmentBy)",
    message = Grammar.SEGMENT_BY_TIME_MESSAGE)
public record HypertableSpec(
    @JsonPropertyDescription("Table in the tenant's schema.")
        @Required
        @Size(min = 1, max = 63)
        @Pattern(Grammar.NAME)
        String table,
    @JsonPropertyDescription("Partitioning column. Maps to create_hypertable(time_column_name).")
        @Required
        @Size(min = 1, max = 63)
        @Pattern(Grammar.NAME)
        String timeColumn,
    @JsonPropertyDescription(
            "A table that is no hypertable yet: Never (when absent) leaves it as it is and "
                + "reports NotHypertable, WhenEmpty makes it one while it has no rows. Maps to "
                + "create_hypertable.")
        @Size(max = 16)
        String convert,
    @JsonPropertyDescription(
            "Length in time of chunks yet to be made; not managed when absent. Maps to "
                + "set_chunk_time_interval. PostgreSQL interval text of positive whole units, for "
                + "example 30 days, 7d, 1 mon, 2 years; a bare m is refused, because PostgreSQL "
                + "reads it as minutes. A whole number for an integer time column.")
        @SchemaFrom(type = IntOrString.class)
        IntOrText chunkInterval,
    @JsonPropertyDescription(
            "Compression (columnstore) settings and policy; not managed when absent. Maps to "
                + "ALTER TABLE SET (timescaledb.compress) and add_compression_policy.")
        CompressionSpec compression,
    @JsonPropertyDescription(
            "Retention policy; not managed when absent. Maps to add_retention_policy. A "
                + "retention whose next run would drop a chunk is destructive: see "
                + "safety.onDestructive.")
        RetentionSpec retention) {
  /** {@code spec.hypertables[].compression}. */
  @JsonClassDescription("Compression settings and policy.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  @ValidationRule(
      value =
          "(has(self.state) && self.state == 'Absent') ? !has(self.after) && "
              + "!has(self.segmentBy) && !has(self.orderBy) && !has(self.every) : has(self.after)",
      message = Grammar.COMPRESSION_STATE_MESSAGE)
  @ValidationRule(
      value =
          "!has(self.segmentBy) || !has(self.orderBy) || !self.orderBy.exists(o, o.column in self.segmentBy)",
      message = Grammar.SEGMENT_AND_ORDER_MESSAGE)
  public record CompressionSpec(
      @JsonPropertyDescription(
              "Present (when absent), or Absent: the policy is removed, whoever made it. "
                  + "Absent excludes every other field.")
          @Size(max = 16)
          String state,
      @JsonPropertyDescription(
              "Chunks whose end is older than this are compressed. Maps to "
                  + "add_compression_policy(compress_after). PostgreSQL interval text of positive "
                  + "whole units, for example 30 days, 7d, 1 mon, 2 years; a bare m is refused, "
                  + "because PostgreSQL reads it as minutes. A whole number for an integer time "
                  + "column.")
          @SchemaFrom(type = IntOrString.class)
          IntOrText after,
      @JsonPropertyDescription(
              "Columns by which rows are grouped in compressed batches; not managed when "
                  + "absent. Maps to timescaledb.compress_segmentby.")
          @Size(min = 1, max = 16)
          List<@Size(min = 1, max = 63) @Pattern(Grammar.NAME) String> segmentBy,
      @JsonPropertyDescription(
              "Order of the rows in compressed batches; not managed when absent. Maps to "
                  + "timescaledb.compress_orderby.")
          @Size(min = 1, max = 16)
          List<OrderBySpec> orderBy,
      @JsonPropertyDescription(
              "Time between two runs of the job; not managed when absent. Maps to "
                  + "alter_job(schedule_interval). PostgreSQL interval text of positive whole units, "
                  + "for example 30 days, 7d, 1 mon, 2 years; a bare m is refused, because "
                  + "PostgreSQL reads it as minutes.")
          @Size(min = 2, max = 48)
          @Pattern(Grammar.INTERVAL)
          @ValidationRule(
              value =
                  "!(self.matches('[0-9] ?(mon|y)') && self.matches('[0-9] ?(us|ms|s|min|h|d|w)'))",
              message = Grammar.MONTHS_AND_DAYS_MESSAGE)
          String every) {}

  /** {@code spec.hypertables[].retention}. */
  @JsonClassDescription("Retention policy.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  @ValidationRule(
      value =
          "(has(self.state) && self.state == 'Absent') ? !has(self.dropAfter) && "
              + "!has(self.every) : has(self.dropAfter)",
      message = Grammar.RETENTION_STATE_MESSAGE)
  public record RetentionSpec(
      @JsonPropertyDescription(
              "Present (when absent), or Absent: the policy is removed, whoever made it. "
                  + "Absent excludes every other field.")
          @Size(max = 16)
          String state,
      @JsonPropertyDescription(
              "Chunks whose end is older than this are dropped, for good. Maps to "
                  + "add_retention_policy(drop_after). PostgreSQL interval text of positive whole "
                  + "units, for example 30 days, 7d, 1 mon, 2 years; a bare m is refused, because "
                  + "PostgreSQL reads it as minutes. A whole number for an integer time column.")
          @SchemaFrom(type = IntOrString.class)
          IntOrText dropAfter,
      @JsonPropertyDescription(
              "Time between two runs of the job; not managed when absent. Maps to "
                  + "alter_job(schedule_interval). PostgreSQL interval text of positive whole units, "
                  + "for example 30 days, 7d, 1 mon, 2 years; a bare m is refused, because "
                  + "PostgreSQL reads it as minutes.")
          @Size(min = 2, max = 48)
          @Pattern(Grammar.INTERVAL)
          @ValidationRule(
              value =
                  "!(self.matches('[0-9] ?(mon|y)') && self.matches('[0-9] ?(us|ms|s|min|h|d|w)'))",
              message = Grammar.MONTHS_AND_DAYS_MESSAGE)
          String every) {}
}

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

/** {@code spec.tenants.overrides[]}: values that differ for some tenants. */
@JsonClassDescription("Values that differ for some tenants.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record OverrideSpec(
    @JsonPropertyDescription("Name of the override, unique in the list.")
        @Required
        @Size(min = 1, max = 63)
        @Pattern(Grammar.OVERRIDE_NAME)
        String name,
    @JsonPropertyDescription("The tenants that differ, by exact schema name.")
        @Required
        @Size(min = 1, max = 50)
        List<@Size(min = 1, max = 63) @Pattern(Grammar.NAME) String> schemas,
    @JsonPropertyDescription("What differs, by table.") @Required @Size(min = 1, max = 16)
        List<HypertableOverrideSpec> hypertables) {
  /** Fields of one hypertable that differ. */
  @JsonClassDescription(
      "Fields that differ for these tenants. A field that is absent keeps the value of "
          + "spec.hypertables; objects merge field by field, lists are replaced whole.")
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
  public record HypertableOverrideSpec(
      @JsonPropertyDescription("A table of spec.hypertables.")
          @Required
          @Size(min = 1, max = 63)
          @Pattern(Grammar.NAME)
          String table,
      @JsonPropertyDescription(
              "Length in time of chunks yet to be made. Maps to set_chunk_time_interval. "
                  + "PostgreSQL interval text of positive whole units, for example 30 days, 7d, 1 "
                  + "mon, 2 years; a bare m is refused, because PostgreSQL reads it as minutes. A "
                  + "whole number for an integer time column.")
          @SchemaFrom(type = IntOrString.class)
          IntOrText chunkInterval,
      @JsonPropertyDescription("Fields of the compression policy that differ.")
          CompressionOverrideSpec compression,
      @JsonPropertyDescription("Fields of the retention policy that differ.")
          RetentionOverrideSpec retention) {}

  /** Fields of the compression policy that differ. */
  @JsonClassDescription("Fields of the compression policy that differ.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  @ValidationRule(
      value =
          "(has(self.state) && self.state == 'Absent') ? !has(self.after) && "
              + "!has(self.segmentBy) && !has(self.orderBy) && !has(self.every) : true",
      message = Grammar.COMPRESSION_STATE_MESSAGE)
  public record CompressionOverrideSpec(
      @JsonPropertyDescription(
              "Present or Absent; the value of spec.hypertables when absent. Absent excludes "
                  + "every other field.")
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

  /** Fields of the retention policy that differ. */
  @JsonClassDescription("Fields of the retention policy that differ.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  @ValidationRule(
      value =
          "(has(self.state) && self.state == 'Absent') ? !has(self.dropAfter) && "
              + "!has(self.every) : true",
      message = Grammar.RETENTION_STATE_MESSAGE)
  public record RetentionOverrideSpec(
      @JsonPropertyDescription(
              "Present or Absent; the value of spec.hypertables when absent. Absent excludes "
                  + "every other field.")
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

package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import java.util.Map;

/** {@code spec.indexes[]}: one index of every tenant. */
@JsonClassDescription(
    "One index that every tenant must have. Maps to CREATE INDEX; it is built online.")
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
@ValidationRule(
    value = "has(self.columns) != has(self.keys)",
    message = Grammar.COLUMNS_OR_KEYS_MESSAGE)
@ValidationRule(
    value =
        "!has(self.nullsNotDistinct) || !self.nullsNotDistinct || (has(self.unique) && "
            + "self.unique)",
    message = Grammar.NULLS_NOT_DISTINCT_MESSAGE)
@ValidationRule(
    value =
        "(has(self.columns) ? size(self.columns) : 0) + (has(self.keys) ? "
            + "size(self.keys) : 0) + (has(self.include) ? size(self.include) : 0) <= 32",
    message = Grammar.TOO_MANY_KEYS_MESSAGE)
public record IndexSpec(
    @JsonPropertyDescription(
            "Name of the index, unique in its schema as in PostgreSQL. Names that begin with "
                + "_tdb_ or _timescaledb_ are reserved.")
        @Required
        @Size(min = 1, max = 63)
        @Pattern(Grammar.NAME)
        @ValidationRule(
            value = "!self.startsWith('_tdb_') && !self.startsWith('_timescaledb_')",
            message = Grammar.RESERVED_MESSAGE)
        String name,
    @JsonPropertyDescription(
            "Table in the tenant's schema, or an aggregate of spec.aggregates. Maps to ON.")
        @Required
        @Size(min = 1, max = 63)
        @Pattern(Grammar.NAME)
        String table,
    @JsonPropertyDescription(
            "Plain columns in the order of the index: the short form of keys. Exactly one of "
                + "columns and keys.")
        @Size(min = 1, max = 32)
        List<@Size(min = 1, max = 63) @Pattern(Grammar.NAME) String> columns,
    @JsonPropertyDescription(
            "Keys in the order of the index, with expression, order, nulls, opclass and "
                + "collation. Exactly one of columns and keys.")
        @Size(min = 1, max = 32)
        List<IndexKeySpec> keys,
    @JsonPropertyDescription(
            "Access method: btree (when absent), hash, gist, spgist, gin, brin, or one that "
                + "an extension brings. Maps to USING.")
        @Size(max = 63)
        @Pattern(Grammar.METHOD)
        String method,
    @JsonPropertyDescription(
            "Maps to UNIQUE; false when absent. On a hypertable or a partitioned table the keys "
                + "must have what it is partitioned by; on a hypertable the build blocks writes.")
        Boolean unique,
    @JsonPropertyDescription(
            "Maps to NULLS NOT DISTINCT (PostgreSQL 15 and later); only with unique. False "
                + "when absent.")
        Boolean nullsNotDistinct,
    @JsonPropertyDescription(
            "Payload columns. Maps to INCLUDE. At most 32 keys and payload columns together.")
        @Size(min = 1, max = 32)
        List<@Size(min = 1, max = 63) @Pattern(Grammar.NAME) String> include,
    @JsonPropertyDescription("Predicate of a partial index, without the word WHERE. Maps to WHERE.")
        @Size(min = 1, max = 2048)
        @Pattern(Grammar.NOT_BLANK)
        String where,
    @JsonPropertyDescription(
            "Storage parameters, for example fillfactor: 90. Maps to WITH. Quote booleans "
                + "(\"on\", \"off\"): YAML reads bare ones as true and false, which are refused.")
        @Size(max = 16)
        @ValidationRule(
            value = "self.all(k, k.matches('^[a-z_][a-z0-9_.]{0,62}$'))",
            message = Grammar.PARAMETER_MESSAGE)
        @ValidationRule(
            value = "self.all(k, !k.startsWith('timescaledb.'))",
            message = Grammar.TIMESCALE_PARAMETER_MESSAGE)
        Map<String, IntOrText> with,
    @JsonPropertyDescription(
            "Tablespace, in which the owner of the table must be allowed to CREATE. Maps to "
                + "TABLESPACE; another one rebuilds the index there. When absent it is made where "
                + "default_tablespace says, and left wherever it is.")
        @Size(min = 1, max = 63)
        @Pattern(Grammar.NAME)
        String tablespace) {
  /** One key of an index: a column or an expression. */
  @JsonClassDescription("One key of the index.")
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @JsonIgnoreProperties(ignoreUnknown = true)
  @ValidationRule(
      value = "has(self.column) != has(self.expression)",
      message = Grammar.COLUMN_OR_EXPRESSION_MESSAGE)
  @ValidationRule(
      value = "!has(self.opclassParameters) || has(self.opclass)",
      message = Grammar.OPCLASS_PARAMETERS_MESSAGE)
  @ValidationRule(
      value = "!has(self.statistics) || has(self.expression)",
      message = Grammar.STATISTICS_MESSAGE)
  public record IndexKeySpec(
      @JsonPropertyDescription("Column of the table. Exactly one of column and expression.")
          @Size(min = 1, max = 63)
          @Pattern(Grammar.NAME)
          String column,
      @JsonPropertyDescription(
              "SQL expression over the table's columns, without the outer parentheses. Its "
                  + "functions must be IMMUTABLE.")
          @Size(min = 1, max = 2048)
          @Pattern(Grammar.NOT_BLANK)
          String expression,
      @JsonPropertyDescription("Asc (when absent) or Desc. Maps to ASC and DESC.") @Size(max = 8)
          String order,
      @JsonPropertyDescription(
              "First or Last. Maps to NULLS FIRST and NULLS LAST; when absent PostgreSQL's own "
                  + "rule: Last for Asc, First for Desc.")
          @Size(max = 8)
          String nulls,
      @JsonPropertyDescription(
              "Operator class as SQL writes it, with its schema if need be: text_pattern_ops, "
                  + "public.gin_trgm_ops. The type's default class when absent.")
          @Size(min = 1, max = 131)
          @Pattern(Grammar.SQL_NAME)
          String opclass,
      @JsonPropertyDescription(
              "Parameters of the operator class, for example siglen: 32 of public.gist_trgm_ops. "
                  + "Maps to what stands in parentheses behind the operator class, which must be "
                  + "named. Quote booleans (\"on\", \"off\").")
          @Size(max = 4)
          @ValidationRule(
              value = "self.all(k, k.matches('^[a-z_][a-z0-9_.]{0,62}$'))",
              message = Grammar.PARAMETER_MESSAGE)
          Map<String, IntOrText> opclassParameters,
      @JsonPropertyDescription(
              "Collation as SQL writes it, quotes included where it needs them: \"C\", "
                  + "public.german. Maps to COLLATE; the column's collation when absent.")
          @Size(min = 1, max = 131)
          @Pattern(Grammar.SQL_NAME)
          String collation,
      @JsonPropertyDescription(
              "Target of the statistics that ANALYZE gathers on the expression: 0 (none) to "
                  + "10000. Only with expression: a column's own target is the table's. Maps to "
                  + "ALTER INDEX … ALTER COLUMN … SET STATISTICS; changing it builds nothing. When "
                  + "absent it is left as it is. Not for a hypertable or a continuous aggregate: "
                  + "TimescaleDB hands it to no chunk.")
          @Min(0)
          @Max(10000)
          Integer statistics) {}
}

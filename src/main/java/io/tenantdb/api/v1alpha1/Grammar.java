package io.tenantdb.api.v1alpha1;

/**
 * The patterns of the resource's strings and the sentences of its rules, written once: they stand
 * in the CRD, and the operator holds a spec to them again, because what is in storage may be older
 * than the CRD.
 */
public final class Grammar {

  /** Any name: PostgreSQL allows everything but NUL; control characters are nobody's intent. */
  public static final String NAME = "^[^\\x00-\\x1f\\x7f]+$";

  /** Name of a Secret or ConfigMap (RFC 1123 subdomain). */
  public static final String OBJECT_NAME = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";

  /** Key of a Secret or ConfigMap. */
  public static final String OBJECT_KEY = "^[-._a-zA-Z0-9]+$";

  /** {@code spec.ownerId}. */
  public static final String OWNER_ID = "^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$";

  /** A host name, an IPv4 address or an IPv6 address without brackets; no port. */
  public static final String HOST =
      "^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$";

  /** A Go duration of whole units, zero excluded. */
  public static final String DURATION = "^([1-9][0-9]{0,5}(ms|s|m|h))+$";

  /** A Go duration of whole units, or {@code 0s}. */
  public static final String DURATION_OR_ZERO = "^(0s|([1-9][0-9]{0,5}(ms|s|m|h))+)$";

  private static final String INTERVAL_TERM =
      "[1-9][0-9]{0,5} ?(us|ms|s|sec|second|seconds|min|mins|minute|minutes|h|hr|hour|hours"
          + "|d|day|days|w|week|weeks|mon|mons|month|months|y|yr|year|years)";

  /**
   * PostgreSQL interval text of positive whole units. Source: PostgreSQL documentation, section
   * "Interval Input"; a bare {@code m} and a bare number are left out because PostgreSQL reads them
   * as minutes and seconds.
   */
  public static final String INTERVAL = "^" + INTERVAL_TERM + "( " + INTERVAL_TERM + ")*$";

  /** Access method of an index. */
  public static final String METHOD = "^[a-z][a-z0-9_]*$";

  /** Name of a storage parameter. */
  public static final String PARAMETER = "^[a-z_][a-z0-9_.]{0,62}$";

  /**
   * An operator class or collation as SQL writes it: one or two identifiers with a dot between,
   * each plain or in double quotes.
   */
  public static final String SQL_NAME =
      "^([A-Za-z_][A-Za-z0-9_$]*|\"([^\"\\x00-\\x1f\\x7f]|\"\")+\")"
          + "(\\.([A-Za-z_][A-Za-z0-9_$]*|\"([^\"\\x00-\\x1f\\x7f]|\"\")+\"))?$";

  /** A text that is not blank. */
  public static final String NOT_BLANK = "\\S";

  /** Name of an override. */
  public static final String OVERRIDE_NAME = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

  public static final String BYTES_MESSAGE =
      "must be at most 63 bytes in UTF-8: PostgreSQL truncates longer names silently.";
  public static final String SYSTEM_SCHEMA_MESSAGE =
      "must not be a system schema (pg_*, information_schema, _timescaledb_*).";
  public static final String SYSTEM_PATTERN_MESSAGE =
      "patterns must not address system schemas (pg_*).";
  public static final String RESERVED_MESSAGE =
      "must not start with '_tdb_' or '_timescaledb_': these prefixes are reserved.";
  public static final String INTERVAL_RANGE_MESSAGE = "interval must be between 30s and 24h.";
  public static final String SETTLE_MESSAGE = "settle must be at most 24h.";
  public static final String LOCK_TIMEOUT_MESSAGE = "lockTimeout must be at most 10m.";
  public static final String BUILD_TIMEOUT_MESSAGE = "buildTimeout must be at most 168h.";
  public static final String CA_MODE_MESSAGE =
      "caSecretRef is used only with mode VerifyCA or VerifyFull, and so is caConfigMapRef.";
  public static final String PASSWORD_MODE_MESSAGE =
      "Password is used only with tls.mode VerifyCA or VerifyFull.";
  public static final String ONE_CA_MESSAGE =
      "Only one of caSecretRef and caConfigMapRef may be set.";
  public static final String DATABASE_NAME_MESSAGE =
      "database.name is immutable: create another TenantDatabase.";
  public static final String OWNER_ID_MESSAGE =
      "ownerId cannot be changed: the marks on the database would belong to nobody.";
  public static final String NO_TENANTS_MESSAGE = "tenants needs schemas or patterns.";
  public static final String COLUMNS_OR_KEYS_MESSAGE =
      "Exactly one of columns and keys must be set.";
  public static final String COLUMN_OR_EXPRESSION_MESSAGE =
      "Exactly one of column and expression must be set.";
  public static final String OPCLASS_PARAMETERS_MESSAGE =
      "opclassParameters are only allowed with opclass: SQL has them behind its name.";
  public static final String STATISTICS_MESSAGE =
      "statistics is only allowed with expression: a column's target is set on the table.";
  public static final String NULLS_NOT_DISTINCT_MESSAGE =
      "nullsNotDistinct is only allowed on a unique index.";
  public static final String TOO_MANY_KEYS_MESSAGE =
      "An index has at most 32 keys and INCLUDE columns together.";
  public static final String PARAMETER_MESSAGE =
      "parameter names are lower case letters, digits, dots and underscores.";
  public static final String TIMESCALE_PARAMETER_MESSAGE =
      "parameters of timescaledb are the operator's: it chooses how an index is built.";
  public static final String COMPRESSION_STATE_MESSAGE =
      "after is required, unless state is Absent, which excludes every other field.";
  public static final String RETENTION_STATE_MESSAGE =
      "dropAfter is required, unless state is Absent, which excludes every other field.";
  public static final String RETENTION_SHORTER_MESSAGE =
      "retention.dropAfter must be longer than compression.after: otherwise every chunk is dropped"
          + " before it is compressed.";
  public static final String MONTHS_AND_DAYS_MESSAGE =
      "months and years cannot be mixed with shorter units in a schedule: TimescaleDB refuses it.";
  public static final String SEGMENT_BY_TIME_MESSAGE =
      "segmentBy must not have the time column: every row would be a batch of its own.";
  public static final String SEGMENT_AND_ORDER_MESSAGE =
      "A column cannot be in segmentBy and in orderBy.";
  public static final String MAX_PARALLEL_MESSAGE =
      "database.maxConnections must be at least rollout.maxParallel + 2: each tenant that is worked"
          + " on takes a connection, and observing two more.";

  /** What ends in a semicolon, and not within a comment, as far as its last line tells. */
  public static final String SEMICOLON =
      "(?:^|[\\r\\n])(?![^\\r\\n]*--[^\\r\\n]*;\\s*$)[^\\r\\n]*;\\s*$";

  /** {@link #SEMICOLON} as a rule of the schema, whose patterns look neither ahead nor back. */
  public static final String NO_SEMICOLON =
      "!self.matches('(?:^|[\\\\r\\\\n])(?:[^-\\\\r\\\\n]|-[^-\\\\r\\\\n])*-?;\\\\s*$')";

  public static final String SEMICOLON_MESSAGE =
      "must be one SELECT without a semicolon at its end.";
  public static final String FALLBACK_NEEDS_MESSAGE =
      "fallback MaterializedView needs refresh and uniqueColumns: the operator refreshes the view on"
          + " that schedule, and without a unique index every refresh would block its readers.";
  public static final String UNIQUE_COLUMNS_MESSAGE =
      "uniqueColumns is only allowed with fallback MaterializedView: a continuous aggregate takes no"
          + " unique index.";
  public static final String FALLBACK_QUERY_MESSAGE =
      "fallbackQuery is only allowed with fallback MaterializedView.";
  public static final String OFFSET_TYPES_MESSAGE =
      "startOffset and endOffset must both be whole numbers (for an integer time column) or both be"
          + " intervals.";
  public static final String OFFSETS_MESSAGE =
      "startOffset must be longer than endOffset: the refreshed window begins at the one and ends at"
          + " the other, both counted back from now.";
  public static final String INDEX_AND_AGGREGATE_MESSAGE =
      "An index and an aggregate cannot have the same name: both are relations of one schema.";
  public static final String HYPERTABLE_AND_AGGREGATE_MESSAGE =
      "A hypertable and an aggregate cannot have the same name: TimescaleDB keeps an aggregate in a"
          + " hypertable of its own.";
  public static final String OVERRIDE_TABLE_MESSAGE =
      "An override names a table that spec.hypertables does not have.";
  public static final String NAME_LENGTH_MESSAGE =
      "metadata.name must be at most 52 characters: it is used in labels and in report names.";

  private Grammar() {}
}

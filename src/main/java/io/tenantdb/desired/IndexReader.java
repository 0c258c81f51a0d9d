package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.Grammar;
import io.tenantdb.api.v1alpha1.IndexSpec;
import io.tenantdb.api.v1alpha1.IndexSpec.IndexKeySpec;
import io.tenantdb.api.v1alpha1.IntOrText;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.ReservedName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Reads {@code spec.indexes}. */
final class IndexReader {
  private static final String PATH = "spec.indexes";
  private static final int MAX_KEYS = 32;
  private static final int MAX_NAME = 63;
  private static final int MAX_SQL_NAME = 131;
  private static final int MAX_PARAMETER = 64;
  private static final int MAX_STATISTICS = 10_000;
  private static final Pattern PARAMETER = Pattern.compile(Grammar.PARAMETER);

  private final Fields fields;
  private final Problems problems;

  IndexReader(Fields fields) {
    this.fields = fields;
    this.problems = fields.problems();
  }

  /** The indexes, in the order of the spec. */
  List<DesiredIndex> read(List<IndexSpec> specs) {
    Map<String, String> paths = new HashMap<>();
    return fields.each(
        PATH,
        specs,
        (path, spec) -> {
          DesiredIndex index = index(path, spec);
          String earlier = paths.putIfAbsent(index.name(), path);
          if (earlier != null) {
            problems.add(
                path + ".name",
                Problems.shown(index.name())
                    + " is the name of "
                    + earlier
                    + " too: an index's name is unique in its schema.");
          }
          return index;
        });
  }

  private DesiredIndex index(String path, IndexSpec spec) {
    String name = fields.name(path + ".name", spec.name());
    if (name.startsWith(ReservedName.PREFIX) || name.startsWith("_timescaledb_")) {
      problems.add(path + ".name", Grammar.RESERVED_MESSAGE);
    }
    String table = fields.name(path + ".table", spec.table());
    List<DesiredIndex.Key> keys = keys(path, spec);
    List<String> include = fields.each(path + ".include", spec.include(), fields::name);
    if (keys.size() + include.size() > MAX_KEYS) {
      problems.add(path, Grammar.TOO_MANY_KEYS_MESSAGE);
    }
    boolean unique = Boolean.TRUE.equals(spec.unique());
    boolean nullsNotDistinct = Boolean.TRUE.equals(spec.nullsNotDistinct());
    if (nullsNotDistinct && !unique) {
      problems.add(path, Grammar.NULLS_NOT_DISTINCT_MESSAGE);
    }
    String method =
        spec.method() == null
            ? Defaults.METHOD
            : fields.text(
                path + ".method",
                spec.method(),
                Grammar.METHOD,
                MAX_NAME,
                "the name of an access method in lower case, for example btree");
    return SpecHash.hashed(
        new DesiredIndex(
            name,
            table,
            keys,
            method,
            unique,
            nullsNotDistinct,
            include,
            fields.fragment(path + ".where", spec.where()),
            parameters(path + ".with", spec.with()),
            Optional.ofNullable(spec.tablespace())
                .map(tablespace -> fields.name(path + ".tablespace", tablespace)),
            ""));
  }

  private List<DesiredIndex.Key> keys(String path, IndexSpec spec) {
    boolean columns = spec.columns() != null && !spec.columns().isEmpty();
    boolean keys = spec.keys() != null && !spec.keys().isEmpty();
    if (columns == keys) {
      problems.add(path, Grammar.COLUMNS_OR_KEYS_MESSAGE);
    }
    return columns
        ? fields.each(
            path + ".columns", spec.columns(), (at, column) -> plain(fields.name(at, column)))
        : fields.each(path + ".keys", spec.keys(), this::key);
  }

  /** A key that is a column and nothing more. */
  static DesiredIndex.Key plain(String column) {
    return new DesiredIndex.Key(
        Optional.of(column),
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private DesiredIndex.Key key(String path, IndexKeySpec spec) {
    if ((spec.column() != null) == (spec.expression() != null)) {
      problems.add(path, Grammar.COLUMN_OR_EXPRESSION_MESSAGE);
    }
    if (spec.opclassParameters() != null && spec.opclass() == null) {
      problems.add(path, Grammar.OPCLASS_PARAMETERS_MESSAGE);
    }
    Optional<String> column =
        Optional.ofNullable(spec.column()).map(name -> fields.name(path + ".column", name));
    boolean descending = fields.word(path + ".order", spec.order(), "Asc", Words.ORDER);
    // PostgreSQL's own rule: NULLS FIRST is the default of DESC, NULLS LAST that of ASC.
    Optional<Boolean> nullsFirst =
        Optional.ofNullable(spec.nulls())
            .map(nulls -> fields.word(path + ".nulls", nulls, "Last", Words.NULLS))
            .filter(first -> first != descending);
    return new DesiredIndex.Key(
        column,
        fields.fragment(path + ".expression", spec.expression()),
        descending,
        nullsFirst,
        sqlName(path + ".opclass", spec.opclass()),
        sqlName(path + ".collation", spec.collation()),
        parameters(path + ".opclassParameters", spec.opclassParameters()),
        statistics(path, spec));
  }

  private Optional<Integer> statistics(String path, IndexKeySpec spec) {
    if (spec.statistics() != null && spec.expression() == null) {
      problems.add(path, Grammar.STATISTICS_MESSAGE);
    }
    return Optional.ofNullable(spec.statistics())
        .map(target -> fields.number(path + ".statistics", target, target, 0, MAX_STATISTICS));
  }

  private Optional<String> sqlName(String path, String text) {
    if (text == null) {
      return Optional.empty();
    }
    Optional<String> quoted =
        text.length() > MAX_SQL_NAME ? Optional.empty() : SqlName.quoted(text);
    if (quoted.isEmpty()) {
      problems.add(
          path,
          "must be a name as SQL writes it, with its schema if need be, each part plain or in double"
              + " quotes and at most 63 bytes, for example public.gin_trgm_ops or \"C\"; it is "
              + Problems.shown(text)
              + ".");
    }
    return quoted;
  }

  private Map<String, String> parameters(String path, Map<String, IntOrText> with) {
    Map<String, String> parameters = new TreeMap<>();
    Objects.requireNonNullElse(with, Map.<String, IntOrText>of())
        .forEach(
            (name, value) -> {
              String at = path + "." + name;
              if (name == null || !PARAMETER.matcher(name).matches()) {
                problems.add(path, Grammar.PARAMETER_MESSAGE);
              } else if (name.startsWith("timescaledb.")) {
                problems.add(path, Grammar.TIMESCALE_PARAMETER_MESSAGE);
              } else if (value == null || value.toString().isBlank()) {
                problems.add(at, "is required: give the parameter a value.");
              } else if (value.toString().length() > MAX_PARAMETER
                  || value.toString().indexOf('\0') >= 0) {
                problems.add(at, "must be a number, or a text of at most 64 characters.");
              } else {
                fields.unicode(at, value.toString());
                parameters.put(name, value.toString());
              }
            });
    return parameters;
  }
}

package io.tenantdb.canonical;

import io.tenantdb.model.CanonicalIndex.Refused;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Reason;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.postgresql.core.NativeQuery;
import org.postgresql.core.Parser;

/** Holds the SQL that a spec's author wrote to the place that it is meant for. */
final class Fragments {

  private static final String IDENTIFIER =
      "(?:[A-Za-z_\\x80-\\uffff][A-Za-z0-9_$\\x80-\\uffff]*|\"(?:[^\"\\x00]|\"\")+\")";

  /** A name as SQL writes it, perhaps with its schema. */
  private static final Pattern NAME = Pattern.compile(IDENTIFIER + "(?:\\." + IDENTIFIER + ")?");

  private static final Pattern PARAMETER =
      Pattern.compile("[A-Za-z_][A-Za-z0-9_]*(?:\\.[A-Za-z_][A-Za-z0-9_]*)?");

  private Fragments() {}

  /** Why the definition may not be sent to a server at all; empty where it may. */
  static Optional<Refused> problem(DesiredIndex index) {
    String path = "indexes[" + index.name() + "]";
    for (int i = 0; i < index.keys().size(); i++) {
      DesiredIndex.Key key = index.keys().get(i);
      String at = path + ".keys[" + i + "]";
      Optional<Refused> problem =
          key.expression()
              .flatMap(FragmentScanner::problem)
              .map(said -> refused(at + ".expression", said))
              .or(() -> name(at + ".opclass", key.opclass()))
              .or(() -> name(at + ".collation", key.collation()))
              .or(() -> parameters(at + ".opclassParameters", key.opclassParameters()));
      if (problem.isPresent()) {
        return problem;
      }
    }
    return parameters(path + ".with", index.with())
        .or(
            () ->
                index
                    .where()
                    .flatMap(FragmentScanner::problem)
                    .map(said -> refused(path + ".where", said)))
        .or(() -> oneStatement(index, path));
  }

  /** Where the author's own text stands, for a message about all of it. */
  static String fields(DesiredIndex index) {
    String path = "indexes[" + index.name() + "]";
    for (int i = 0; i < index.keys().size(); i++) {
      if (index.keys().get(i).expression().isPresent()) {
        return path + ".keys[" + i + "].expression";
      }
    }
    return index.where().isPresent() ? path + ".where" : path;
  }

  private static Optional<Refused> name(String field, Optional<String> value) {
    return value
        .filter(text -> !NAME.matcher(text).matches())
        .map(text -> refused(field, "is not a name as SQL writes it"));
  }

  private static Optional<Refused> parameters(String field, Map<String, String> values) {
    return values.keySet().stream().allMatch(name -> PARAMETER.matcher(name).matches())
        ? Optional.empty()
        : Optional.of(refused(field, "has a key that is no parameter's name"));
  }

  /** The driver's own view of the whole statement. */
  private static Optional<Refused> oneStatement(DesiredIndex index, String path) {
    try {
      List<NativeQuery> queries =
          Parser.parseJdbcSql(index.createSql("i", "t", false), true, false, true, false, false);
      return queries.size() == 1
          ? Optional.empty()
          : Optional.of(refused(path, "is more than one statement"));
    } catch (SQLException e) {
      return Optional.of(refused(path, "cannot be read as SQL"));
    }
  }

  private static Refused refused(String field, String said) {
    return new Refused(Reason.SpecInvalid, "", field + " " + said + ".");
  }
}

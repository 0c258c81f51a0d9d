package io.tenantdb.plan.usage;

import io.tenantdb.model.Identifiers;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Tells whether the rows of a foreign key are found by an index. */
final class ForeignKeys {

  private ForeignKeys() {}

  /** True where one of the indexes finds the rows that refer to a given key. */
  static boolean indexed(List<String> columns, List<Candidate> indexes) {
    Set<String> wanted = Set.copyOf(columns);
    return indexes.stream()
        .filter(index -> index.shape().findsBy(wanted))
        .anyMatch(index -> hasAllRows(index, columns));
  }

  /** A row with a NULL in the key refers to nothing, and is not looked for. */
  private static boolean hasAllRows(Candidate index, List<String> columns) {
    return index.shape().predicate().isEmpty()
        || columns.stream()
            .flatMap(column -> Stream.of(column, Identifiers.quote(column)))
            .anyMatch(column -> index.definition().endsWith(" WHERE (" + column + " IS NOT NULL)"));
  }
}

package io.tenantdb.model;

import io.tenantdb.model.IndexSetting.SetAsideIndex;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The statements that changes of indexes are made of. */
final class IndexStatements {

  private IndexStatements() {}

  /** Sets the targets of the keys' statistics, on an index and all its parts. */
  static Stream<Statement> setStatistics(
      Target target, String index, Map<Integer, Integer> statistics) {
    return set("ALTER INDEX ", target.sibling(index), statistics);
  }

  /**
   * The same on a partitioned index alone: its parts may be other owners'. Source: {@code ALTER
   * INDEX} knows no {@code ONLY}; {@code ALTER TABLE} does, and takes an index too.
   */
  static Stream<Statement> setOwnStatistics(
      Target target, String index, Map<Integer, Integer> statistics) {
    return setOwnStatistics(target.sibling(index), statistics);
  }

  /**
   * @param index qualified and quoted
   */
  static Stream<Statement> setOwnStatistics(String index, Map<Integer, Integer> statistics) {
    return set("ALTER TABLE ONLY ", index, statistics);
  }

  private static Stream<Statement> set(
      String alter, String index, Map<Integer, Integer> statistics) {
    return statistics.entrySet().stream()
        .map(
            e ->
                Statement.of(
                    alter
                        + index
                        + " ALTER COLUMN "
                        + e.getKey()
                        + " SET STATISTICS "
                        + e.getValue()));
  }

  /** The mark and the declared name. */
  static List<Statement> publish(Target target, String reservedName, String name, Mark mark) {
    return List.of(
        commentOn(target, reservedName, mark.text()).asMarking(),
        rename(target, reservedName, name));
  }

  static Statement commentOn(Target target, String index, String text) {
    return Statement.of(
        "COMMENT ON INDEX " + target.sibling(index) + " IS " + Identifiers.literal(text));
  }

  /** What is there of an index that is not there: at most another one of its name. */
  static String absent(Optional<SetAsideIndex> displaced) {
    return "absent"
        + displaced.map(other -> "; the name is on " + other.target().table()).orElse("");
  }

  static Statement rename(Target target, String from, String to) {
    return Statement.of(
        "ALTER INDEX " + target.sibling(from) + " RENAME TO " + Identifiers.quote(to));
  }

  /** Takes another owner's role until the end of the transaction. */
  static Statement takeRole(String role) {
    return Statement.of("SET LOCAL ROLE " + Identifiers.quote(role));
  }

  static Stream<Statement> transaction(List<Statement> statements) {
    return Stream.of(
            Stream.of(Statement.of("BEGIN")),
            statements.stream(),
            Stream.of(Statement.of("COMMIT")))
        .flatMap(s -> s);
  }
}

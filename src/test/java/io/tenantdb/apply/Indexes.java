package io.tenantdb.apply;

import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexReplacement.RepairIndex;
import io.tenantdb.model.IndexReplacement.ReplaceIndex;
import io.tenantdb.model.IndexReplacement.Replaced;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.Target;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Changes of indexes as a plan would have them. */
final class Indexes {

  static final String OWNER = "platform/fruit";
  static final String NAME = "ix_batches";

  private Indexes() {}

  /** A declared index of the name {@link #NAME}, with plain columns. */
  static DesiredIndex on(String table, boolean unique, String... columns) {
    return index(
        table, unique, Stream.of(columns).map(c -> key(Optional.of(c), Optional.empty())).toList());
  }

  /** One with an expression that has a statistics target. */
  static DesiredIndex over(String table, String expression) {
    return index(table, false, List.of(key(Optional.empty(), Optional.of(expression))));
  }

  private static DesiredIndex.Key key(Optional<String> column, Optional<String> expression) {
    return new DesiredIndex.Key(
        column, expression, false, Optional.empty(), Optional.empty(), Optional.empty());
  }

  private static DesiredIndex index(String table, boolean unique, List<DesiredIndex.Key> keys) {
    return new DesiredIndex(
        NAME,
        table,
        keys,
        "btree",
        unique,
        false,
        List.of(),
        Optional.empty(),
        Map.of(),
        "%016x".formatted(keys.hashCode() & 0xffffffffL));
  }

  static CreateIndex create(Target target, DesiredIndex index, Build build, String... accepted) {
    List<IndexBody> bodies =
        Stream.of(accepted).map(text -> new IndexBody(index.unique(), text)).toList();
    return new CreateIndex(
        target,
        index,
        build,
        new CanonicalIndex.Buildable(bodies.get(0), Set.copyOf(bodies)),
        index.mark(OWNER, Mark.Origin.MADE),
        List.of(target.schema(), "public"),
        false);
  }

  /** In the place of a valid one. */
  static ReplaceIndex replace(CreateIndex build, Old old) {
    return new ReplaceIndex(build, replaced(build, old, true));
  }

  /** In the place of an invalid one. */
  static RepairIndex repair(CreateIndex build, Old old) {
    return new RepairIndex(build, replaced(build, old, false));
  }

  /** What a plan saw of the index that goes. */
  record Old(IndexBody body, String comment, Map<Integer, Integer> statistics) {
    static Old of(String body, String comment) {
      return new Old(new IndexBody(false, body), comment, Map.of());
    }
  }

  private static Replaced replaced(CreateIndex build, Old old, boolean valid) {
    return new Replaced(
        old.body(),
        valid,
        ReservedName.retired(build.target().table(), NAME, old.body(), valid).text(),
        "another",
        false,
        build.build() == Build.CONCURRENTLY,
        old.comment(),
        new TreeMap<>(old.statistics()),
        false);
  }
}

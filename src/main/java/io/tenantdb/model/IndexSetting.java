package io.tenantdb.model;

import io.tenantdb.model.Effect.Aspect;
import io.tenantdb.model.IndexChange.MarkIndex;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A change of a live index that builds nothing. */
public sealed interface IndexSetting extends IndexChange {

  /**
   * Sets the targets of its expressions' statistics. Source: {@code ALTER INDEX … ALTER COLUMN …
   * SET STATISTICS}, which takes SHARE UPDATE EXCLUSIVE on the index.
   *
   * @param live those that it has, by the key's position from 1; absent is the default
   * @param statistics those that it is to have
   * @param marking the mark that says so, where it bears another one
   */
  record SetIndexStatistics(
      Target target,
      String name,
      SortedMap<Integer, Integer> live,
      SortedMap<Integer, Integer> statistics,
      boolean drift,
      Optional<MarkIndex> marking)
      implements IndexSetting {
    @Override
    public List<Effect> effects() {
      return Stream.concat(
              Stream.of(Effect.sets(target.schema(), name, Aspect.STATISTICS)),
              marking.stream().flatMap(mark -> mark.effects().stream()))
          .toList();
    }

    @Override
    public Optional<Statement> mustFindNothing() {
      return marking.flatMap(MarkIndex::mustFindNothing);
    }

    @Override
    public String object() {
      return target.table() + "." + name;
    }

    @Override
    public String before() {
      return "statistics " + text(live, statistics);
    }

    @Override
    public String after() {
      return "statistics " + text(statistics, statistics);
    }

    private static String text(
        SortedMap<Integer, Integer> targets, SortedMap<Integer, Integer> of) {
      return of.keySet().stream()
          .map(key -> key + ": " + (targets.containsKey(key) ? targets.get(key) : "default"))
          .collect(Collectors.joining(", "));
    }

    @Override
    public List<Statement> statements() {
      return Stream.concat(IndexStatements.setStatistics(target, name, statistics), marks())
          .toList();
    }

    private Stream<Statement> marks() {
      return marking.stream().flatMap(mark -> mark.statements().stream()).map(Statement::asMarking);
    }

    /**
     * A part of a partitioned index.
     *
     * @param index qualified and quoted
     * @param owner name of the role
     */
    public record Part(String index, String owner) {}

    /** The same where some part is another owner's, whose role is then taken for it. */
    public List<Statement> statements(List<Part> parts) {
      // The mark before the other owners' roles are taken: all of it is one transaction.
      return Stream.concat(
              Stream.concat(IndexStatements.setOwnStatistics(target, name, statistics), marks()),
              parts.stream()
                  .flatMap(
                      part ->
                          Stream.concat(
                              Stream.of(IndexStatements.takeRole(part.owner())),
                              IndexStatements.setOwnStatistics(part.index(), statistics))))
          .toList();
    }

    @Override
    public SetIndexStatistics anyTenant() {
      return new SetIndexStatistics(
          target.anyTenant(), name, live, statistics, drift, marking.map(MarkIndex::anyTenant));
    }
  }

  /**
   * Drops an index that we made and the spec does not declare any more.
   *
   * @param was what it is
   * @param concurrently whether it can be dropped concurrently: not on a hypertable, nor on a
   *     partitioned table
   * @param mark the mark that it must bear still
   */
  record DropIndex(Target target, String name, String was, boolean concurrently, Mark mark)
      implements IndexSetting {

    @Override
    public List<Effect> effects() {
      return List.of(Effect.drops(target.schema(), name));
    }

    @Override
    public String object() {
      return target.table() + "." + name;
    }

    @Override
    public String before() {
      return was;
    }

    @Override
    public String after() {
      return "absent";
    }

    @Override
    public Hazard hazard() {
      return Hazard.DROPS_OBJECT;
    }

    @Override
    public List<Statement> statements() {
      return List.of(
          Statement.of(
              "DROP INDEX " + (concurrently ? "CONCURRENTLY " : "") + target.sibling(name)));
    }

    @Override
    public List<String> steps() {
      return IndexScript.drop(
          target,
          name,
          !concurrently,
          statements().get(0),
          block -> IndexScript.stillMarked(block, target, name, mark));
    }

    @Override
    public DropIndex anyTenant() {
      return new DropIndex(target.anyTenant(), name, was, concurrently, mark);
    }
  }

  /**
   * Lets an index of ours serve on under a reserved name, because another relation is to get the
   * one that it bears.
   *
   * @param name the one that it bears
   * @param reservedName the one that it gets
   * @param mark the mark that it must bear still
   * @param leaves the spec does not declare it any more: it is dropped in the end
   */
  record SetAsideIndex(Target target, String name, String reservedName, Mark mark, boolean leaves)
      implements IndexSetting {

    @Override
    public List<Effect> effects() {
      return List.of(
          Effect.leaves(target.schema(), name), Effect.takes(target.schema(), reservedName));
    }

    @Override
    public String object() {
      return target.table() + "." + name;
    }

    @Override
    public String before() {
      return leaves ? "declared no more" : "named " + name + ", made as " + mark.name();
    }

    @Override
    public String after() {
      return "set aside";
    }

    /** What leaves is dropped in the end. */
    @Override
    public Hazard hazard() {
      return leaves ? Hazard.DROPS_OBJECT : Hazard.NONE;
    }

    @Override
    public boolean drift() {
      return !leaves;
    }

    @Override
    public List<Statement> statements() {
      return List.of(IndexStatements.rename(target, name, reservedName));
    }

    @Override
    public List<String> steps() {
      Block block = Block.as(target.owner());
      IndexScript.setAside(block, this);
      return Script.of(block.run(statements()));
    }

    @Override
    public SetAsideIndex anyTenant() {
      return new SetAsideIndex(target.anyTenant(), name, reservedName, mark, leaves);
    }
  }

  /** Takes our mark off an index that we adopted, and leaves a person's own comment. */
  record UnmarkIndex(Target target, String name, String comment) implements IndexSetting {
    @Override
    public List<Effect> effects() {
      return List.of(Effect.sets(target.schema(), name, Aspect.MARK));
    }

    @Override
    public String object() {
      return target.table() + "." + name;
    }

    @Override
    public String before() {
      return "adopted";
    }

    @Override
    public String after() {
      return "unmarked";
    }

    @Override
    public List<Statement> statements() {
      return List.of(IndexStatements.commentOn(target, name, Mark.without(comment)));
    }

    @Override
    public Optional<Statement> mustFindNothing() {
      return Optional.of(IndexCheck.of(target, name).hasAnotherComment(comment));
    }

    @Override
    public List<String> steps() {
      return IndexScript.comment(target, name, comment, List.of(), statements());
    }

    @Override
    public UnmarkIndex anyTenant() {
      return new UnmarkIndex(target.anyTenant(), name, comment);
    }
  }
}

package io.tenantdb.model;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * One step that brings one object of one tenant nearer to what is declared. Knows its hazard and
 * its target, and can say itself as the SQL that a person could run to the same effect. The room
 * {@code apply} carries it out and decides nothing.
 */
public sealed interface Change
    permits IndexChange,
        HypertableChange,
        PolicyChange,
        AggregateChange,
        AggregateIndexChange,
        PruneChange {

  /** The table that it is about. */
  Target target();

  /**
   * What is changed, without the tenant: {@code batches.ix_batches_intake_date}, {@code
   * batch_history retention}.
   */
  String object();

  /** What is there now, without the tenant. */
  String before();

  /** What will be there, without the tenant. */
  String after();

  /** What it can do to the application. */
  default Hazard hazard() {
    return Hazard.NONE;
  }

  /** True when it mends what somebody changed or removed; false when it was never there. */
  default boolean drift() {
    return false;
  }

  /** True for what is done on schedule: upkeep, no difference between spec and database. */
  default boolean upkeep() {
    return false;
  }

  /**
   * True when it reads whole tables, and so may run for long: it is watched, and rests for a while
   * after a failure.
   */
  default boolean lasting() {
    return false;
  }

  /** The declared index that it builds over the rows of its table. */
  default Optional<DesiredIndex> builds() {
    return Optional.empty();
  }

  /** What it does to which objects: no two changes of a plan do the same to one. */
  List<Effect> effects();

  /** Names of the tenant's schema that it gives to a relation, while it runs or for good. */
  default Set<String> takes() {
    return names(effect -> effect.kind() == Effect.Kind.TAKES);
  }

  /** Names of the tenant's schema that what bore them bears no more after it. */
  default Set<String> frees() {
    return names(Effect::frees);
  }

  private Set<String> names(Predicate<Effect> which) {
    return effects().stream()
        .filter(which)
        .filter(effect -> effect.schema().equals(target().schema()))
        .map(Effect::name)
        .collect(Collectors.toSet());
  }

  /** The SQL of its transaction, in order; the build of an index comes before it. */
  List<Statement> statements();

  /**
   * A query that must return no row right before the change, in its transaction: what made the
   * change harmless when it was planned, which may be hours ago. Empty where nothing has to hold.
   */
  default Optional<Statement> mustFindNothing() {
    return Optional.empty();
  }

  /** The same change of no tenant in particular. */
  Change anyTenant();

  /** The kind, as plans and metrics name it. */
  default String kind() {
    return getClass().getSimpleName();
  }

  /**
   * The SQL of the change as a person can run it, statement by statement and not in one
   * transaction. Each takes the role that it needs, and refuses where the ones before it did not do
   * what it builds on: also where the client goes on after an error.
   */
  default List<String> steps() {
    Block block = Block.as(target().owner());
    mustFindNothing()
        .ifPresent(
            query ->
                block.require(
                    "NOT EXISTS (" + query.display() + ")",
                    "this does something else by now than when it was planned",
                    "Run tenantdb plan --sql again: it goes by what is there now."));
    return Script.of(block.run(statements()));
  }

  /** The same as one text. */
  default String script() {
    return steps().stream().map(step -> step + ";").collect(Collectors.joining("\n"));
  }
}

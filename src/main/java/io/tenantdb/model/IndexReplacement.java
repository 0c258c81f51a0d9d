package io.tenantdb.model;

import io.tenantdb.model.IndexChange.CreateIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Builds an index beside the one that bears its name, and lets the two change places in one
 * transaction: queries are never without a valid index where there was one. The old one is dropped
 * afterwards under the name of what is on its way out.
 */
public sealed interface IndexReplacement extends IndexChange {

  /** The index that is built beside the old one. */
  CreateIndex build();

  /** The one that goes. */
  Replaced old();

  /** The same of an index that is not quite as the plan saw it. */
  IndexReplacement with(Replaced now);

  /**
   * An index that bears the declared name and goes.
   *
   * @param body what it is
   * @param valid whether queries can use it
   * @param retiredName what it is named until it is dropped
   * @param was what is wrong with it, without the tenant
   * @param takeOver it is not ours
   * @param concurrently whether it can be dropped concurrently: not on a hypertable, nor on a
   *     partitioned table
   * @param comment the comment that it has; a person's own words go over to the new one
   * @param statistics targets that go over to the new one where the spec says nothing
   * @param clustered a bare CLUSTER goes by it, and by the new one afterwards
   * @param stays it serves until another declared index does, and is dropped later
   */
  record Replaced(
      IndexBody body,
      boolean valid,
      String retiredName,
      String was,
      boolean takeOver,
      boolean concurrently,
      String comment,
      SortedMap<Integer, Integer> statistics,
      boolean clustered,
      boolean stays) {

    /** One that is dropped once the new one serves. */
    public Replaced(
        IndexBody body,
        boolean valid,
        String retiredName,
        String was,
        boolean takeOver,
        boolean concurrently,
        String comment,
        SortedMap<Integer, Integer> statistics,
        boolean clustered) {
      this(
          body,
          valid,
          retiredName,
          was,
          takeOver,
          concurrently,
          comment,
          statistics,
          clustered,
          false);
    }
  }

  /** The old one is valid and not what is declared. */
  record ReplaceIndex(CreateIndex build, Replaced old) implements IndexReplacement {
    @Override
    public ReplaceIndex with(Replaced now) {
      return new ReplaceIndex(build, now);
    }

    @Override
    public ReplaceIndex anyTenant() {
      return new ReplaceIndex(build.anyTenant(), old);
    }
  }

  /** The old one is invalid, or misses parts on chunks or partitions. */
  record RepairIndex(CreateIndex build, Replaced old) implements IndexReplacement {
    @Override
    public RepairIndex with(Replaced now) {
      return new RepairIndex(build, now);
    }

    @Override
    public RepairIndex anyTenant() {
      return new RepairIndex(build.anyTenant(), old);
    }
  }

  /**
   * The old one is dropped before the new one is built, and queries lack it meanwhile: on this
   * hypertable the two could not be told apart. TimescaleDB keeps no record of which index of a
   * chunk is part of which of the hypertable's from 2.22 on, and goes by their structure: to drop
   * one of two equal indexes drops a part of either on each chunk, and a chunk that is added gets
   * one part for both.
   *
   * @param serves the old one is valid: queries lose it
   */
  record RebuildIndex(CreateIndex build, Replaced old, boolean serves) implements IndexReplacement {
    @Override
    public RebuildIndex with(Replaced now) {
      return new RebuildIndex(build, now, serves);
    }

    @Override
    public Hazard hazard() {
      return old.takeOver() ? Hazard.TAKES_OVER : serves ? Hazard.DROPS_OBJECT : build.hazard();
    }

    @Override
    public List<Statement> publishing() {
      return succeeding();
    }

    @Override
    public Statement dropping() {
      return Statement.of("DROP INDEX " + target().sibling(build.index().name()));
    }

    @Override
    public List<String> steps() {
      return IndexScript.rebuild(this);
    }

    @Override
    public RebuildIndex anyTenant() {
      return new RebuildIndex(build.anyTenant(), old, serves);
    }
  }

  @Override
  default Target target() {
    return build().target();
  }

  @Override
  default String object() {
    return build().object();
  }

  @Override
  default String before() {
    return old().was();
  }

  @Override
  default String after() {
    return build().after();
  }

  @Override
  default boolean drift() {
    return build().drift();
  }

  @Override
  default boolean lasting() {
    return true;
  }

  @Override
  default Hazard hazard() {
    return old().takeOver() ? Hazard.TAKES_OVER : build().hazard();
  }

  @Override
  default Optional<DesiredIndex> builds() {
    return build().builds();
  }

  @Override
  default List<Effect> effects() {
    String schema = target().schema();
    return Stream.concat(
            build().effects().stream().filter(effect -> !effect.name().equals(name())),
            Stream.of(Effect.replaces(schema, name()), Effect.takes(schema, old().retiredName())))
        .toList();
  }

  private String name() {
    return build().index().name();
  }

  /** Without those of the parts. */
  @Override
  default Set<String> takes() {
    return Set.of(build().reservedName(), old().retiredName());
  }

  @Override
  default Set<String> frees() {
    return Set.of();
  }

  /** The statements of the transaction in which the two change places. */
  default List<Statement> publishing() {
    return Stream.concat(Stream.of(retiring()), succeeding().stream()).toList();
  }

  /**
   * Locks the table as an INSERT does: new constraints and foreign keys wait until the commit. An
   * owner who has given up the rights that it takes (a table that is only read) goes without;
   * PostgreSQL itself drops no index that one of those has come to rest on.
   */
  default Statement keepingConstraintsOff() {
    return Statement.of(
        "DO "
            + Identifiers.literal(
                "BEGIN LOCK TABLE ONLY "
                    + target().relation()
                    + " IN ROW EXCLUSIVE MODE;"
                    + " EXCEPTION WHEN insufficient_privilege THEN NULL; END"));
  }

  /** The first of them: the old one gives the name up. */
  default Statement retiring() {
    return IndexStatements.rename(target(), build().index().name(), old().retiredName());
  }

  /** The others: the new one takes it, and what was set on the old one. */
  default List<Statement> succeeding() {
    CreateIndex build = build();
    Target target = target();
    String name = build.index().name();
    SortedMap<Integer, Integer> statistics = new TreeMap<>(old().statistics());
    List<Statement> all = new ArrayList<>();
    if (build.build() == CreateIndex.Build.PARTITIONED) {
      // Its parts have those that are declared, each set by its owner.
      statistics.keySet().removeAll(build.index().statistics().keySet());
      IndexStatements.setOwnStatistics(target, build.reservedName(), build.index().statistics())
          .forEach(all::add);
    } else {
      statistics.putAll(build.index().statistics());
    }
    IndexStatements.setStatistics(target, build.reservedName(), statistics).forEach(all::add);
    all.add(
        IndexStatements.commentOn(target, build.reservedName(), build.mark().above(old().comment()))
            .asMarking());
    all.add(IndexStatements.rename(target, build.reservedName(), name));
    if (old().clustered()) {
      all.add(
          Statement.of(
              "ALTER TABLE " + target.relation() + " CLUSTER ON " + Identifiers.quote(name)));
    }
    return all;
  }

  /** The statement that drops the old one. */
  default Statement dropping() {
    return Statement.of(
        "DROP INDEX "
            + (old().concurrently() ? "CONCURRENTLY " : "")
            + target().sibling(old().retiredName()));
  }

  @Override
  default List<Statement> statements() {
    return publishing();
  }

  @Override
  default List<String> steps() {
    return IndexScript.replace(this);
  }
}

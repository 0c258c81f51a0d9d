package io.tenantdb.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * One index of one declared table.
 *
 * @param body its definition without name and table ({@link IndexBody}); empty where it could not
 *     be read because another session holds the table locked
 * @param valid {@code indisvalid}, {@code indisready} and {@code indislive}: what is not, serves no
 *     query, and a killed {@code DROP INDEX CONCURRENTLY} may have left it good for nothing but
 *     being dropped
 * @param building a live session is building it, or dropping it concurrently
 * @param uniqueColumns key columns of a unique index, by name; empty for others
 * @param comment the whole comment, the mark included; empty text where there is none
 * @param mark the mark in the comment, where it is about this table
 * @param ties what rests on it beside the queries
 * @param settings what its body does not tell
 * @param missingParts chunks of the hypertable, or leaf partitions of the table, that have no valid
 *     part of it; 0 for an index of an ordinary table
 */
public record ObservedIndex(
    long oid,
    String name,
    Optional<IndexBody> body,
    boolean valid,
    boolean building,
    Set<String> uniqueColumns,
    String comment,
    Optional<Mark> mark,
    List<IndexTie> ties,
    Settings settings,
    int missingParts) {

  public ObservedIndex {
    ties = List.copyOf(ties);
  }

  /** Nothing but a constraint at most rests on it, and nothing was set on it. */
  public ObservedIndex(
      long oid,
      String name,
      Optional<IndexBody> body,
      boolean valid,
      boolean building,
      Optional<String> constraint,
      Set<String> uniqueColumns,
      String comment,
      Optional<Mark> mark) {
    this(
        oid,
        name,
        body,
        valid,
        building,
        uniqueColumns,
        comment,
        mark,
        constraint.map(c -> new IndexTie(IndexTie.Kind.CONSTRAINT, c)).stream().toList(),
        Settings.NONE,
        0);
  }

  /** True where queries can use it and it is not on its way in or out. */
  public boolean serves() {
    return valid && ReservedName.parse(name).isEmpty();
  }

  /** The constraint that it stands behind. */
  public Optional<String> constraint() {
    // Asked for every index of every tenant.
    for (IndexTie tie : ties) {
      if (tie.kind() == IndexTie.Kind.CONSTRAINT) {
        return Optional.of(tie.object());
      }
    }
    return Optional.empty();
  }

  /** True where something beside the queries needs it, so that it is never dropped. */
  public boolean needed() {
    return ties.stream().anyMatch(tie -> tie.kind().forbids(IndexTie.Use.DROP));
  }

  /** A bare CLUSTER goes by it. */
  public boolean clustered() {
    return IndexTie.any(ties, IndexTie.Kind.CLUSTERED);
  }

  /** The same with one tie more. */
  public ObservedIndex with(IndexTie tie) {
    return new ObservedIndex(
        oid,
        name,
        body,
        valid,
        building,
        uniqueColumns,
        comment,
        mark,
        Stream.concat(ties.stream(), Stream.of(tie)).toList(),
        settings,
        missingParts);
  }

  /**
   * What {@code pg_get_indexdef} does not print.
   *
   * @param tablespace where it is kept, the database's default by its name; empty text where it is
   *     not known
   * @param statistics targets of its expressions' statistics that are not the default, by the key's
   *     position from 1
   * @param uneven what not all its parts have as it has it
   */
  public record Settings(String tablespace, SortedMap<Integer, Integer> statistics, Uneven uneven) {
    /** Nothing was set. */
    public static final Settings NONE = new Settings("", new TreeMap<>(), Uneven.NONE);

    /** A copy that nobody changes. */
    public static Settings of(String tablespace, Map<Integer, Integer> statistics) {
      return new Settings(tablespace, new TreeMap<>(statistics), Uneven.NONE);
    }

    /** The same of an index of which not all parts are alike. */
    public Settings with(Uneven differing) {
      return new Settings(tablespace, statistics, differing);
    }

    /** The targets that all parts have. */
    public SortedMap<Integer, Integer> evenStatistics() {
      SortedMap<Integer, Integer> even = new TreeMap<>(statistics);
      even.keySet().removeAll(uneven.statistics());
      return even;
    }
  }

  /**
   * Where parts of an index, on the partitions of a table at any depth or on the chunks of a
   * hypertable, are not as the index itself. PostgreSQL and TimescaleDB give a new part what the
   * index has, but a part can be altered by itself, an index that was altered hands nothing to the
   * parts that are there, and a partition that is attached brings an index of its own.
   *
   * @param statistics positions whose target not all parts have: a partition that is added takes
   *     none over
   * @param parameters storage parameters, or those of operator classes
   * @param tablespace some part is kept elsewhere
   */
  public record Uneven(Set<Integer> statistics, boolean parameters, boolean tablespace) {
    /** All parts are alike, or there are none. */
    public static final Uneven NONE = new Uneven(Set.of(), false, false);

    public Uneven {
      statistics = Set.copyOf(statistics);
    }
  }
}

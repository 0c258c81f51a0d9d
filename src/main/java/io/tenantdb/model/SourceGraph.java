package io.tenantdb.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Which continuous aggregates of the database read which relations, and the live policies that
 * delete rows of the ones and refresh the others, whoever made them and in whatever schema. Without
 * TimescaleDB, and where neither is a continuous aggregate nor one declared, it is empty.
 *
 * @param nodes by relation
 * @param readers aggregates that read a relation, by that relation
 * @param bySchema relations of each schema
 */
public record SourceGraph(
    Map<Relation, Node> nodes,
    Map<Relation, List<Relation>> readers,
    Map<String, List<Relation>> bySchema) {

  /** Nothing reads anything. */
  public static final SourceGraph EMPTY = new SourceGraph(Map.of(), Map.of(), Map.of());

  /** The graph of the nodes; what they read and is none of them is a table without policies. */
  public static SourceGraph of(Collection<Node> nodes) {
    Map<Relation, Node> all = new LinkedHashMap<>();
    nodes.forEach(node -> all.put(node.relation(), node));
    nodes.stream()
        .flatMap(node -> node.reads().stream())
        .forEach(read -> all.computeIfAbsent(read.source(), Node::table));
    Map<Relation, Node> byName = new LinkedHashMap<>();
    Map<Relation, List<Relation>> readers = new LinkedHashMap<>();
    Map<String, List<Relation>> bySchema = new TreeMap<>();
    all.values().stream()
        .sorted(Comparator.comparing(Node::relation))
        .forEach(
            node -> {
              byName.put(node.relation(), node);
              bySchema
                  .computeIfAbsent(node.relation().schema(), schema -> new ArrayList<>())
                  .add(node.relation());
              node.reads()
                  .forEach(
                      read ->
                          readers
                              .computeIfAbsent(read.source(), source -> new ArrayList<>())
                              .add(node.relation()));
            });
    return new SourceGraph(byName, readers, bySchema);
  }

  /** The node of the relation; empty where nothing reads it and it has no retention. */
  public Optional<Node> node(Relation relation) {
    return Optional.ofNullable(nodes.get(relation));
  }

  /** The aggregates that read the relation. */
  public List<Relation> readersOf(Relation relation) {
    return readers.getOrDefault(relation, List.of());
  }

  /**
   * The relations of the schema, what they read and what reads them, at any distance. Who else
   * reads what they read is not among them: that may be all tenants.
   */
  public List<Node> around(String schema) {
    List<Relation> own = bySchema.getOrDefault(schema, List.of());
    Set<Relation> found = new TreeSet<>();
    follow(own, found, relation -> node(relation).map(Node::sources).orElse(List.of()));
    Set<Relation> down = new HashSet<>();
    follow(own, down, this::readersOf);
    found.addAll(down);
    return found.stream().flatMap(relation -> node(relation).stream()).toList();
  }

  private static void follow(
      List<Relation> from, Set<Relation> found, Function<Relation, List<Relation>> next) {
    Deque<Relation> queue = new ArrayDeque<>(from);
    while (!queue.isEmpty()) {
      Relation relation = queue.remove();
      if (found.add(relation)) {
        queue.addAll(next.apply(relation));
      }
    }
  }

  /** All interval texts of the policies. */
  public List<String> intervals() {
    List<String> texts = new ArrayList<>();
    for (Node node : nodes.values()) {
      node.retentions().forEach(retention -> retention.after().ifPresent(s -> add(texts, s)));
      node.windows().forEach(window -> window.startOffset().ifPresent(s -> add(texts, s)));
    }
    return texts;
  }

  private static void add(List<String> texts, TimeSpan span) {
    if (span instanceof TimeSpan.Interval interval) {
      texts.add(interval.text());
    }
  }

  /** A table or a continuous aggregate. */
  public record Relation(String schema, String name) implements Comparable<Relation> {
    @Override
    public int compareTo(Relation other) {
      int bySchema = schema.compareTo(other.schema);
      return bySchema != 0 ? bySchema : name.compareTo(other.name);
    }

    /** Its name alone in its own schema, with the schema elsewhere. */
    public String in(String here) {
      return schema.equals(here) ? name : schema + "." + name;
    }
  }

  /** What sort of relation it is. */
  public enum Kind {
    TABLE,
    HYPERTABLE,
    CONTINUOUS_AGGREGATE
  }

  /**
   * A relation with its policies.
   *
   * @param integerTime whether its time is a whole number
   * @param materializedOnly false for an aggregate that answers from what it reads where it has no
   *     rows of its own yet
   * @param reads of an aggregate; nothing of a table
   */
  public record Node(
      Relation relation,
      Kind kind,
      boolean integerTime,
      boolean materializedOnly,
      List<Read> reads,
      List<Retention> retentions,
      List<Window> windows) {

    public Node {
      reads = List.copyOf(reads);
      retentions = List.copyOf(retentions);
      windows = List.copyOf(windows);
    }

    private static Node table(Relation relation) {
      return new Node(relation, Kind.TABLE, false, true, List.of(), List.of(), List.of());
    }

    private List<Relation> sources() {
      return reads.stream().map(Read::source).toList();
    }
  }

  /**
   * What an aggregate reads.
   *
   * @param byTime true for the relation whose time it buckets; of one that is joined to it every
   *     row may matter to every bucket
   */
  public record Read(Relation source, boolean byTime) {}

  /** What a retention policy goes by. */
  public enum Basis {
    /** {@code drop_after}. */
    AGE,
    /** {@code drop_created_before}: when chunks were made, which says nothing of their rows. */
    CREATION,
    /** Nothing that could be read of its config. */
    UNREADABLE
  }

  /**
   * A retention policy.
   *
   * @param job its id; 0 for one that is not there yet
   * @param after how old rows become; empty unless by age
   * @param scheduled false where a person paused it
   */
  public record Retention(int job, Basis basis, Optional<TimeSpan> after, boolean scheduled) {}

  /** Where a refreshed window begins. */
  public enum Beginning {
    OFFSET,
    /** {@code start_offset} is NULL. */
    OPEN,
    UNREADABLE
  }

  /**
   * A refresh policy's window. TimescaleDB refreshes the whole buckets in it: no row older than
   * {@code start_offset} is read.
   *
   * @param job its id; 0 for one that is not there yet
   * @param startOffset empty unless it begins at an offset
   * @param endOffset empty where it has no end
   * @param scheduled false where a person paused it
   */
  public record Window(
      int job,
      Beginning beginning,
      Optional<TimeSpan> startOffset,
      Optional<TimeSpan> endOffset,
      boolean scheduled) {}
}

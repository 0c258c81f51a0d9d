package io.tenantdb.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Something beside the queries that rests on an index, or on a part of it, as the catalogs tell.
 *
 * @param object what it is, for people; empty text where the index has one at most
 */
public record IndexTie(Kind kind, String object) {

  /** What is done to an index. */
  public enum Use {
    /** Another one takes its place and its name, and it is dropped. */
    REPLACE,
    /** On a continuous aggregate: another one is made under another name, and it is dropped. */
    MAKE_WAY,
    /** It gets its declared name back. */
    RENAME,
    /** It is dropped: left by a killed run, or made for what the spec declares no more. */
    DROP
  }

  /** What rests on it, and what may not be done to it therefore. */
  public enum Kind {
    /** A primary key, a unique or an exclusion constraint, which bears the index's name. */
    CONSTRAINT("the constraint %s"),
    /** The same of a partition, whose index became a part of one without. */
    CONSTRAINT_OF_PART("the constraint %s"),
    /**
     * {@code indisreplident}: PostgreSQL drops it, and then UPDATE and DELETE fail where the table
     * is published.
     */
    REPLICA_IDENTITY("the table's replica identity%s"),
    /** A foreign key of any table; it may rest on a plain unique index. */
    FOREIGN_KEY("the foreign key %s"),
    /** It is a part of the index of a table that this one is a partition of. */
    PARENT("the partitioned index %s"),
    /** An extension made it. */
    EXTENSION_MEMBER("the extension %s, whose member it is"),
    /** {@code ALTER INDEX … DEPENDS ON EXTENSION}: it goes with the extension. */
    EXTENSION_DEPENDENCY("DEPENDS ON EXTENSION %s"),
    /** A view, a function, a default: what names the index as {@code regclass}. */
    DEPENDENT("%s"),
    /** A bare CLUSTER goes by it; the one that replaces it takes that over. */
    CLUSTERED("the clustering of the table"),
    /** A bare CLUSTER of a partition goes by its part. */
    CLUSTERED_PART("the clustering of the partition %s"),
    /** TimescaleDB's {@code reorder_chunk} without an index goes by the chunk's part. */
    CLUSTERED_CHUNKS("the clustering of the table's chunks"),
    /**
     * {@code add_reorder_policy}, which knows it by its name: what bears that later is reordered
     * by.
     */
    REORDER_POLICY("the table's reorder policy");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    /** True where that may not be done to an index which has such a tie. */
    public boolean forbids(Use use) {
      return switch (this) {
        case CONSTRAINT, EXTENSION_MEMBER -> true;
        case CONSTRAINT_OF_PART, REPLICA_IDENTITY, FOREIGN_KEY, PARENT, DEPENDENT ->
            use != Use.RENAME;
        case EXTENSION_DEPENDENCY, CLUSTERED_PART, CLUSTERED_CHUNKS ->
            use == Use.REPLACE || use == Use.MAKE_WAY;
        case CLUSTERED -> use == Use.MAKE_WAY;
        case REORDER_POLICY -> use != Use.REPLACE;
      };
    }

    /** Those that forbid it. */
    static Set<Kind> forbidding(Use use) {
      return Arrays.stream(values())
          .filter(kind -> kind.forbids(use))
          .collect(Collectors.toUnmodifiableSet());
    }

    /** True where one that takes its place must be one that CLUSTER can go by. */
    private boolean wantsOrder() {
      return this == CLUSTERED || this == REORDER_POLICY;
    }
  }

  /** For people: {@code the foreign key shop.orders.of_customer}. */
  public String words() {
    return kind.words.formatted(object);
  }

  /** What forbids it, in words; empty where nothing does. */
  public static Optional<String> against(List<IndexTie> ties, Use use) {
    return ties.isEmpty()
        ? Optional.empty()
        : Optional.of(
                ties.stream()
                    .filter(tie -> tie.kind().forbids(use))
                    .map(IndexTie::words)
                    .distinct()
                    .collect(Collectors.joining(", ")))
            .filter(words -> !words.isEmpty());
  }

  /**
   * What keeps another index from taking its place, in words; empty where nothing does.
   *
   * @param use how it would
   */
  public static Optional<String> against(List<IndexTie> ties, Use use, DesiredIndex successor) {
    Set<Kind> forbidding = forbidding(use, successor);
    return against(ties, use)
        .or(
            () ->
                ties.stream()
                    .filter(tie -> forbidding.contains(tie.kind()))
                    .map(tie -> tie.words() + ", which the declared one cannot have,")
                    .findFirst());
  }

  /** The kinds that keep another index from taking its place. */
  static Set<Kind> forbidding(Use use, DesiredIndex successor) {
    return Arrays.stream(Kind.values())
        .filter(kind -> kind.forbids(use) || (kind.wantsOrder() && !successor.clusters()))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** True where there is one of the kind. */
  public static boolean any(List<IndexTie> ties, Kind kind) {
    return ties.stream().anyMatch(tie -> tie.kind() == kind);
  }
}

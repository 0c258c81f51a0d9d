package io.tenantdb.model;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How much the tenants' indexes take and serve, and which of them there is no need for. For people:
 * nothing is done about it.
 *
 * @param now the server's {@code now()} at the reading
 * @param since from when on scans are counted at least; empty where the server does not say
 * @param everReset whether somebody reset the database's statistics
 * @param indexes declared ones first, each by table and name
 * @param redundancies by kind, table and index
 */
public record IndexReport(
    Instant now,
    Optional<Instant> since,
    boolean everReset,
    List<Index> indexes,
    List<Redundancy> redundancies) {

  public IndexReport {
    indexes = List.copyOf(indexes);
    redundancies = List.copyOf(redundancies);
  }

  /** Those that the spec declares. */
  public List<Index> declared() {
    return indexes.stream().filter(Index::declared).toList();
  }

  /**
   * One index.
   *
   * @param name the declared one; {@code *} in it stands for what differs between tenants
   * @param declared false for one that the spec does not name, on a table that it names
   * @param otherNames tenants in which an index of another name stands for the declared one
   * @param owner {@code ownerId} of the marks that it bears
   * @param definition what it is; of a declared one the first that was found
   * @param unused no tenant's was scanned for two weeks at least, and nothing but queries needs it
   */
  public record Index(
      String table,
      String name,
      boolean declared,
      int otherNames,
      Optional<String> owner,
      String definition,
      IndexUsage usage,
      boolean unused) {}

  /** Why an index, or the lack of one, is worth a look. */
  public enum Kind {
    /** Two indexes of one table have the same definition. */
    DUPLICATE("Duplicate"),
    /** All that an index serves is served by another one that begins with its keys. */
    PREFIX("Prefix"),
    /** No index begins with the columns of a foreign key. */
    FOREIGN_KEY("ForeignKey");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    /** As it is written in the resource. */
    public String text() {
      return text;
    }
  }

  /**
   * Something worth a look.
   *
   * @param index the index that could go; empty text for a foreign key
   * @param by the index that makes it so; empty text for a foreign key
   * @param columns of the foreign key; empty otherwise
   * @param bySpec whether the spec alone has it so
   * @param tenants in which it was found
   * @param message a sentence that says what to do
   */
  public record Redundancy(
      Kind kind,
      String table,
      String index,
      String by,
      List<String> columns,
      boolean bySpec,
      int tenants,
      String message) {
    public Redundancy {
      columns = List.copyOf(columns);
    }
  }
}

package io.tenantdb.model;

/**
 * What a change does to one object, by the name that the object bears in the catalogs: not always
 * the declared one, and not always in the tenant's schema. The planner holds the changes of a
 * tenant against each other by it.
 *
 * @param schema empty text for what is in none, such as a job
 * @param name the name that the object bears, or is to bear
 * @param aspect what of it is set; {@link Aspect#ALL} for all other kinds
 */
public record Effect(Kind kind, String schema, String name, Aspect aspect) {

  /** What is done. */
  public enum Kind {
    /** Something bears the name from then on. */
    TAKES,
    /** What bears it gets another name. */
    LEAVES,
    /** What bears it goes, and its parts with it. */
    DROPS,
    /** Something else bears the name from then on, and what bore it goes. */
    REPLACES,
    /** One aspect of it is changed in place. */
    SETS
  }

  /** What of an object can be set by itself. */
  public enum Aspect {
    ALL,
    MARK,
    STATISTICS,
    ROWS,
    HYPERTABLE,
    CHUNK_INTERVAL,
    COMPRESSION_SETTINGS,
    COMPRESSION,
    RETENTION,
    REFRESH,
    MATERIALIZED_ONLY
  }

  static Effect takes(String schema, String name) {
    return new Effect(Kind.TAKES, schema, name, Aspect.ALL);
  }

  static Effect leaves(String schema, String name) {
    return new Effect(Kind.LEAVES, schema, name, Aspect.ALL);
  }

  static Effect drops(String schema, String name) {
    return new Effect(Kind.DROPS, schema, name, Aspect.ALL);
  }

  static Effect replaces(String schema, String name) {
    return new Effect(Kind.REPLACES, schema, name, Aspect.ALL);
  }

  static Effect sets(String schema, String name, Aspect aspect) {
    return new Effect(Kind.SETS, schema, name, aspect);
  }

  /** The same of the relation that the change is about. */
  static Effect sets(Target target, Aspect aspect) {
    return sets(target.schema(), target.table(), aspect);
  }

  /** Of a background job: a relation can have several of one kind. */
  static Effect ofJob(Kind kind, int id) {
    return new Effect(kind, "", "job " + id, Aspect.ALL);
  }

  /** True for what leaves the name to somebody else. */
  public boolean frees() {
    return kind == Kind.LEAVES || kind == Kind.DROPS;
  }
}

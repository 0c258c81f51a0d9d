package io.tenantdb.model;

import java.util.List;
import java.util.Optional;

/**
 * One partition, at any depth, of a partitioned table.
 *
 * @param schema not always the parent's
 * @param owner not always the parent's
 * @param kind what it is
 * @param parent the partition that it is a part of; empty right below the table itself
 * @param permitted whether an index of it can be made part of its parent's: its owner has USAGE and
 *     CREATE on its schema, and its parent's owner has USAGE
 * @param halfBuilt indexes of it under a reserved name that are part of no parent's
 */
public record Partition(
    String schema,
    String name,
    String owner,
    Kind kind,
    Optional<Partition> parent,
    boolean permitted,
    List<HalfBuilt> halfBuilt) {

  public Partition {
    halfBuilt = List.copyOf(halfBuilt);
  }

  /** What a partition is. */
  public enum Kind {
    /** It holds rows. */
    LEAF,
    /** It is partitioned itself, and holds none. */
    PARTITIONED,
    /** A foreign table: it has no indexes. */
    FOREIGN
  }

  /**
   * What a build of ours left on a partition, or is at work on.
   *
   * @param building a live session is building it, or dropping it concurrently
   */
  public record HalfBuilt(String name, boolean building) {}

  /** Qualified and quoted. */
  public String relation() {
    return Identifiers.qualified(schema, name);
  }

  /** A relation of its schema, qualified and quoted. */
  public String sibling(String relation) {
    return Identifiers.qualified(schema, relation);
  }

  /** The same of no tenant in particular, where it is in the tenant's schema. */
  Partition anyTenant(Target tenant) {
    Target any = tenant.anyTenant();
    return new Partition(
        schema.equals(tenant.schema()) ? any.schema() : schema,
        name,
        owner.equals(tenant.owner()) ? any.owner() : owner,
        kind,
        parent.map(p -> p.anyTenant(tenant)),
        permitted,
        halfBuilt);
  }
}

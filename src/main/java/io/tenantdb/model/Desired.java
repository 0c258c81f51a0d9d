package io.tenantdb.model;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What every tenant must have: the spec with its defaults filled in and its rules checked. A
 * template: the overrides are resolved per tenant once the schemas are known.
 *
 * @param ownerId whose marks are ours
 * @param tenants which schemas are tenants
 * @param indexes by name, in the order of the spec
 * @param hypertables by table, in the order of the spec
 * @param aggregates by name, in the order of the spec
 * @param overrides values that differ for some tenants; no two set the same table of one schema
 * @param whenTimescaleMissing what to do with hypertables where TimescaleDB community is not to be
 *     had
 * @param safety guard rails
 * @param rollout how fast changes go through the fleet
 */
public record Desired(
    String ownerId,
    TenantSelection tenants,
    List<DesiredIndex> indexes,
    List<DesiredHypertable> hypertables,
    List<DesiredAggregate> aggregates,
    List<TenantOverride> overrides,
    WhenTimescaleMissing whenTimescaleMissing,
    Safety safety,
    Rollout rollout) {

  /** With the rollout that a spec without one has. */
  public Desired(
      String ownerId,
      TenantSelection tenants,
      List<DesiredIndex> indexes,
      List<DesiredHypertable> hypertables,
      List<DesiredAggregate> aggregates,
      List<TenantOverride> overrides,
      WhenTimescaleMissing whenTimescaleMissing,
      Safety safety) {
    this(
        ownerId,
        tenants,
        indexes,
        hypertables,
        aggregates,
        overrides,
        whenTimescaleMissing,
        safety,
        new Rollout(2));
  }

  public Desired {
    indexes = List.copyOf(indexes);
    hypertables = List.copyOf(hypertables);
    aggregates = List.copyOf(aggregates);
    overrides = List.copyOf(overrides);
  }

  /** The tables that every tenant must bring along, sorted: aggregates are not among them. */
  public Set<String> tables() {
    Set<String> tables = new TreeSet<>();
    indexes.forEach(index -> tables.add(index.table()));
    hypertables.forEach(hypertable -> tables.add(hypertable.table()));
    aggregates.forEach(aggregate -> tables.remove(aggregate.name()));
    return tables;
  }

  /** The tables and aggregates that have an index or are a hypertable by the spec, sorted. */
  public Set<String> indexedRelations() {
    Set<String> relations = new TreeSet<>();
    indexes.forEach(index -> relations.add(index.table()));
    hypertables.forEach(hypertable -> relations.add(hypertable.table()));
    return relations;
  }

  /**
   * The relations of a tenant whose indexes are declared, or are a hypertable's, by name: where an
   * aggregate is a materialized view, its unique index is.
   */
  public List<ObservedTable> indexed(ObservedTenant tenant) {
    Set<String> names = indexedRelations();
    aggregates.stream()
        .filter(aggregate -> aggregate.uniqueIndex().isPresent())
        .map(DesiredAggregate::name)
        .filter(
            name ->
                tenant
                    .table(name)
                    .filter(table -> table.kind() == ObservedTable.Kind.MATERIALIZED_VIEW)
                    .isPresent())
        .forEach(names::add);
    return names.stream().flatMap(name -> tenant.table(name).stream()).toList();
  }

  /** The tables, the aggregates and whatever their queries mention, sorted. */
  public Set<String> relations() {
    Set<String> relations = new TreeSet<>(tables());
    aggregates.forEach(aggregate -> relations.addAll(aggregate.relations()));
    return relations;
  }

  /** The same with other hypertables. */
  public Desired withHypertables(List<DesiredHypertable> others) {
    return new Desired(
        ownerId,
        tenants,
        indexes,
        others,
        aggregates,
        overrides,
        whenTimescaleMissing,
        safety,
        rollout);
  }

  /** The same with another selection of tenants. */
  public Desired withTenants(TenantSelection others) {
    return new Desired(
        ownerId,
        others,
        indexes,
        hypertables,
        aggregates,
        overrides,
        whenTimescaleMissing,
        safety,
        rollout);
  }

  /**
   * What is left of it when the resource is deleted under {@code deletionPolicy: Delete}: the same
   * owner and tenants, of whom none has to settle, nothing declared, and leave to drop what we
   * made.
   */
  public Desired forDeletion() {
    return new Desired(
        ownerId,
        tenants.withoutSettling(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        WhenTimescaleMissing.SKIP,
        safety.forDeletion(),
        rollout);
  }

  /** The same, but what left the spec stays. */
  public Desired withoutPruning() {
    return new Desired(
        ownerId,
        tenants,
        indexes,
        hypertables,
        aggregates,
        overrides,
        whenTimescaleMissing,
        safety.prune() == Prune.OWNED_ONLY ? safety.withPrune(Prune.SUSPENDED) : safety,
        rollout);
  }

  /** True where no object is declared: what bears our mark left the spec, all of it. */
  public boolean declaresNothing() {
    return indexes.isEmpty() && hypertables.isEmpty() && aggregates.isEmpty();
  }

  /** {@code spec.timescale.whenMissing}. */
  public enum WhenTimescaleMissing {
    SKIP,
    FAIL
  }

  /** {@code spec.safety.onDestructive}. */
  public enum OnDestructive {
    DENY,
    ALLOW
  }

  /** {@code spec.safety.onDrift}. */
  public enum OnDrift {
    /** What somebody changed or removed is made as declared again. */
    CORRECT,
    /** It is reported and left as it is. */
    REPORT
  }

  /** {@code spec.safety.prune}. */
  public enum Prune {
    /** What left the spec stays. */
    DISABLED,
    /** It would go, but another resource has the same owner or shares a hypertable: it stays. */
    SUSPENDED,
    /** What we made and the spec declares no more is dropped; adopted objects never are. */
    OWNED_ONLY
  }

  /**
   * Guard rails.
   *
   * @param onDestructive whether destructive changes are refused or done
   * @param onDrift whether what had converged once, and differs now, is corrected
   * @param prune whether what we made goes when it leaves the spec
   * @param allowSuperuserOwned whether expressions and predicates are built on tables that a
   *     superuser owns: their functions run with that role's rights
   * @param lockTimeout longest wait for a lock that queues other sessions behind it
   * @param buildTimeout longest index build on one table, waiting included
   */
  public record Safety(
      OnDestructive onDestructive,
      OnDrift onDrift,
      Prune prune,
      boolean allowSuperuserOwned,
      Duration lockTimeout,
      Duration buildTimeout) {

    /** Drift is corrected, nothing is pruned, superusers' tables get plain columns only. */
    public Safety(OnDestructive onDestructive, Duration lockTimeout, Duration buildTimeout) {
      this(onDestructive, OnDrift.CORRECT, Prune.DISABLED, false, lockTimeout, buildTimeout);
    }

    /** The same with another rule for what left the spec. */
    Safety withPrune(Prune other) {
      return new Safety(
          onDestructive, onDrift, other, allowSuperuserOwned, lockTimeout, buildTimeout);
    }

    private Safety forDeletion() {
      return new Safety(
          OnDestructive.ALLOW,
          OnDrift.CORRECT,
          Prune.OWNED_ONLY,
          allowSuperuserOwned,
          lockTimeout,
          buildTimeout);
    }
  }

  /**
   * How fast changes go through the fleet.
   *
   * @param maxParallel tenants that are worked on at once
   */
  public record Rollout(int maxParallel) {}
}

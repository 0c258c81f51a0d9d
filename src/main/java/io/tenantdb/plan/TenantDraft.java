package io.tenantdb.plan;

import io.tenantdb.model.AggregateChange.FillAggregate;
import io.tenantdb.model.Change;
import io.tenantdb.model.Declaration;
import io.tenantdb.model.Dependencies;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.HypertableChange.ConvertTable;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.Partition;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TableLayout;
import io.tenantdb.model.Target;
import io.tenantdb.model.TenantHistory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One tenant's plan while it is being made: collects changes and findings, and holds changes to the
 * owner's rights.
 */
final class TenantDraft {

  private static final long SECONDS_PER_DAY = 86_400;

  private final ObservedTenant tenant;
  private final Observed observed;
  private final TenantHistory history;
  private final List<Change> changes = new ArrayList<>();
  private final List<Finding> findings = new ArrayList<>();
  private final List<ScheduledRefresh> upkeep = new ArrayList<>();
  private final Set<String> heldRetention = new HashSet<>();
  private final Set<String> awaited = new HashSet<>();
  private final Set<String> unconverted = new HashSet<>();
  private final Set<Declaration> asDeclared = new HashSet<>();

  TenantDraft(ObservedTenant tenant, Observed observed, TenantHistory history) {
    this.tenant = tenant;
    this.observed = observed;
    this.history = history;
  }

  ObservedTenant tenant() {
    return tenant;
  }

  String schema() {
    return tenant.schema();
  }

  /** Notes that this is as declared. */
  void asDeclared(Declaration declaration) {
    asDeclared.add(declaration);
  }

  /** True when this was as declared before: where it is missing now it was taken away. */
  boolean wasAsDeclared(Declaration declaration) {
    return wasAsDeclared(declaration, Optional.empty());
  }

  /**
   * The same of what bears a mark, which is written once it is as declared: a mark of this very
   * declaration proves it, one of an older spec or none at all says nothing.
   */
  boolean wasAsDeclared(Declaration declaration, Optional<Mark> mark) {
    boolean was =
        mark.filter(m -> m.spec().equals(declaration.spec())).isPresent()
            || history.asDeclared().test(schema(), declaration);
    if (was) {
      asDeclared.add(declaration);
    }
    return was;
  }

  /** What is as declared, or had been. */
  Set<Declaration> declarations() {
    return asDeclared;
  }

  List<Change> changes() {
    return changes;
  }

  /**
   * Takes changes out of the plan again, and what would make no sense without them: of each of
   * those it is said, whatever is said of the first.
   *
   * @param why the reason that is found for the first
   */
  void withdraw(Collection<Change> gone, Reason why) {
    List<Change> left = new ArrayList<>();
    for (Change change : List.copyOf(changes)) {
      Optional<Change> needed =
          left.stream().filter(earlier -> Dependencies.needs(change, earlier)).findFirst();
      if (gone.contains(change) || needed.isPresent()) {
        changes.remove(change);
        left.add(change);
        needed
            .filter(earlier -> !gone.contains(change))
            .ifPresent(earlier -> waits(change, earlier, why));
      }
    }
  }

  List<Finding> findings() {
    return findings;
  }

  /** Where names in the spec's SQL are looked up: the tenant's schema, then the declared path. */
  List<String> path(List<String> declared) {
    List<String> path = new ArrayList<>();
    path.add(tenant.schema());
    path.addAll(declared);
    return path;
  }

  Target target(ObservedTable table) {
    return new Target(tenant.schema(), table.name(), table.owner());
  }

  /** True when the columns of the table have this name among them. */
  boolean hasColumn(ObservedTable table, String column) {
    return layout(table).filter(layout -> layout.has(column)).isPresent();
  }

  /**
   * The column's type as {@code format_type} prints it; empty text where there is no such column.
   */
  String columnType(ObservedTable table, String column) {
    return layout(table).stream()
        .flatMap(layout -> layout.columns().stream())
        .filter(c -> c.name().equals(column))
        .map(c -> c.type())
        .findFirst()
        .orElse("");
  }

  /** Empty for a table without columns: no row of the catalogs tells of one. */
  private Optional<TableLayout> layout(ObservedTable table) {
    return Optional.ofNullable(observed.layouts().get(table.columnSignature()));
  }

  /** True when the table is a hypertable, or will be once the changes planned so far are made. */
  boolean isHypertable(ObservedTable table) {
    return table.hypertable().isPresent()
        || changes.stream()
            .anyMatch(c -> c instanceof ConvertTable && c.target().table().equals(table.name()));
  }

  /**
   * True when it is a partition of another declared table: what a build left on it is that one's.
   */
  boolean isPartition(ObservedTable table) {
    return tenant.tables().values().stream()
        .flatMap(other -> other.partitions().stream())
        .anyMatch(p -> p.schema().equals(tenant.schema()) && p.name().equals(table.name()));
  }

  /** {@link #confusesEqualIndexes()} and the table is a hypertable. */
  boolean confusesEqualIndexes(ObservedTable table) {
    return isHypertable(table) && confusesEqualIndexes();
  }

  /**
   * True where two equal indexes of a hypertable are one and the same to TimescaleDB, which has no
   * record of whose parts the chunks' indexes are.
   */
  boolean confusesEqualIndexes() {
    return observed.server().timescale().atLeast(2, 22);
  }

  /** False for what cannot be dropped concurrently. */
  boolean dropsConcurrently(ObservedTable table) {
    return !isHypertable(table) && table.kind() != ObservedTable.Kind.PARTITIONED;
  }

  /**
   * Plans that an index which a killed run left, and which nobody builds, is dropped; says so where
   * something has come to rest on it.
   *
   * @return whether it is planned
   */
  boolean dropLeftover(ObservedTable table, ObservedIndex index) {
    Optional<String> ties = IndexTie.against(index.ties(), IndexTie.Use.DROP);
    ties.ifPresent(
        what ->
            find(
                Verdict.FAILED,
                table.name() + "." + index.name(),
                Reason.Conflict,
                "index "
                    + index.name()
                    + " on "
                    + table.name()
                    + " is left over and cannot be dropped, because "
                    + what
                    + " rests on it; take that away, or rename the index to keep it."));
    return ties.isEmpty()
        && change(table, new DropLeftover(target(table), index.name(), !dropsConcurrently(table)));
  }

  boolean superuserOwned(ObservedTable table) {
    return isSuperuser(table.owner());
  }

  boolean isSuperuser(String role) {
    return rights(role).superuser();
  }

  /**
   * Adds the change, or says which right of the table's owner is missing for it.
   *
   * @return whether it was added
   */
  boolean change(ObservedTable table, Change change) {
    boolean permitted = !lacksRight(table, change.object());
    if (permitted) {
      changes.add(change);
    }
    return permitted;
  }

  /** Takes a change out of the plan that nothing else waits for. */
  void forget(Change change) {
    changes.removeIf(other -> other == change);
  }

  /**
   * The parts that an index has on partitions, as far as these were read: on those that the spec
   * names, or that have an index of ours.
   */
  Stream<ObservedIndex> parts(ObservedTable table, ObservedIndex whole) {
    return table.partitions().stream()
        .filter(partition -> partition.schema().equals(schema()))
        .flatMap(partition -> tenant.relation(partition.name()).stream())
        .flatMap(partition -> partition.indexes().stream())
        .filter(index -> IndexTie.any(index.ties(), IndexTie.Kind.PARENT))
        .filter(index -> index.body().isPresent() && index.body().equals(whole.body()));
  }

  /** Puts a change in the place of another one. */
  void replace(Change change, Change by) {
    changes.set(changes.indexOf(change), by);
  }

  /** Puts the changes in another order. */
  void order(List<Change> ordered) {
    changes.clear();
    changes.addAll(ordered);
  }

  /**
   * Takes a change out of the plan, and with it what only that would make possible.
   *
   * @param why the reason that is found for the change itself
   */
  void leaveOut(Change change, Reason why) {
    int at = changes.indexOf(change);
    changes.remove(at);
    List<Change> left = new ArrayList<>(List.of(change));
    for (Change later : List.copyOf(changes.subList(at, changes.size()))) {
      Optional<Change> needed =
          left.stream().filter(earlier -> Dependencies.needs(later, earlier)).findFirst();
      if (needed.isPresent()) {
        changes.remove(later);
        left.add(later);
        waits(later, needed.get(), why);
      }
    }
  }

  /** The table becomes a hypertable later, once something else of this plan is done. */
  void awaitConversion(ObservedTable table) {
    unconverted.add(table.name());
  }

  boolean awaitsConversion(ObservedTable table) {
    return unconverted.contains(table.name());
  }

  /**
   * Something declared is made once this is dropped, which left the spec.
   *
   * @param object a relation by its name, or what a plan calls a policy
   */
  void awaitDrop(String object) {
    awaited.add(object);
  }

  /** The objects whose drop is waited for. */
  Set<String> awaited() {
    return awaited;
  }

  /**
   * Says that a change is left out of the plan because another one is; of that one's object enough
   * is said.
   */
  void waits(Change change, Change needed, Reason why) {
    boolean rows = change instanceof FillAggregate && change.target().equals(needed.target());
    if (rows || change.object().equals(needed.object())) {
      return;
    }
    find(
        Verdict.NOTE,
        change.object(),
        why,
        change.object()
            + " ("
            + change.kind()
            + ") waits for "
            + needed.object()
            + " ("
            + needed.kind()
            + "), which is not made now.");
  }

  /**
   * True where nothing can be changed on the table, because our session may not take its owner's
   * role or the owner may not use the schema; says then which grant is missing.
   */
  boolean lacksRight(ObservedTable table, String object) {
    String owner = table.owner();
    if (!rights(table.owner()).settable()) {
      unsettable(table, object);
      return true;
    }
    if (!tenant.usableBy().contains(owner) && !rights(table.owner()).superuser()) {
      find(
          Verdict.FAILED,
          object,
          Reason.InsufficientPrivilege,
          owner
              + ", the owner of "
              + table.name()
              + ", lacks USAGE or CREATE on the schema; GRANT USAGE, CREATE ON SCHEMA "
              + Identifiers.quote(tenant.schema())
              + " TO "
              + Identifiers.quote(owner)
              + ".");
      return true;
    }
    return false;
  }

  /**
   * True where nothing can be changed on a partition of the table, for the same reasons; says then
   * which grant is missing.
   */
  boolean lacksRight(ObservedTable table, Partition partition, String object) {
    if (!rights(partition.owner()).settable()) {
      unsettable(partition.owner(), partition.name(), object);
      return true;
    }
    if (!partition.permitted()) {
      String above = partition.parent().map(Partition::owner).orElse(table.owner());
      String schema = Identifiers.quote(partition.schema());
      find(
          Verdict.FAILED,
          object,
          Reason.InsufficientPrivilege,
          "the owners of the partition "
              + partition.name()
              + " and of the table above it lack rights on its schema; GRANT USAGE, CREATE ON"
              + " SCHEMA "
              + schema
              + " TO "
              + Identifiers.quote(partition.owner())
              + " and GRANT USAGE ON SCHEMA "
              + schema
              + " TO "
              + Identifiers.quote(above)
              + ".");
      return true;
    }
    return false;
  }

  /** Keeps the retention policy of a table out of this plan: an aggregate still needs the rows. */
  void holdRetention(String table) {
    heldRetention.add(table);
  }

  boolean holdsRetention(ObservedTable table) {
    return heldRetention.contains(table.name());
  }

  /** Adds what is to be done on schedule. */
  void upkeep(ScheduledRefresh refresh) {
    upkeep.add(refresh);
  }

  List<ScheduledRefresh> upkeep() {
    return upkeep;
  }

  /**
   * When a new job runs first, in seconds from now: spread over the tenants by their names, within
   * one interval and one day, because 5,000 jobs must not start in one second.
   */
  long startInSeconds(long secondsPerInterval) {
    long range = Math.max(1, Math.min(secondsPerInterval, SECONDS_PER_DAY));
    return Math.floorMod((long) schema().hashCode(), range);
  }

  /** True where our session may not take the role of the table's owner. */
  boolean isUnsettable(ObservedTable table) {
    return !rights(table.owner()).settable();
  }

  /** Says which grant is missing. */
  void unsettable(ObservedTable table, String object) {
    unsettable(table.owner(), table.name(), object);
  }

  private void unsettable(String owner, String table, String object) {
    String user = observed.server().user();
    find(
        Verdict.FAILED,
        object,
        Reason.InsufficientPrivilege,
        user
            + " may not SET ROLE to "
            + owner
            + ", the owner of "
            + table
            + "; "
            + (isSuperuser(owner)
                ? "that is a superuser: give the table to another role (ALTER TABLE … OWNER TO)."
                : "GRANT "
                    + Identifiers.quote(owner)
                    + " TO "
                    + Identifiers.quote(user)
                    // Where there is a membership without SET, a plain GRANT changes nothing.
                    + (observed.server().versionNum() >= 160000 ? " WITH SET TRUE" : "")
                    + "."));
  }

  /** Adds a finding; the sentence begins with the tenant. */
  void find(Verdict verdict, String object, Reason reason, String sentence) {
    find(verdict, object, reason, "", sentence);
  }

  void find(Verdict verdict, String object, Reason reason, String sqlState, String sentence) {
    findings.add(
        new Finding(verdict, object, reason, sqlState, tenant.schema() + ": " + ended(sentence)));
  }

  /** PostgreSQL's words end without a full stop. */
  private static String ended(String sentence) {
    return sentence.endsWith(".") ? sentence : sentence + ".";
  }

  /** No rights where the role is not known. */
  OwnerRights rights(String role) {
    return observed.owners().getOrDefault(role, new OwnerRights(false, false, false));
  }
}

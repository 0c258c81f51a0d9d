package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.DatabaseSpec;
import io.tenantdb.api.v1alpha1.Grammar;
import io.tenantdb.api.v1alpha1.RolloutSpec;
import io.tenantdb.api.v1alpha1.SafetySpec;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.api.v1alpha1.TenantsSpec;
import io.tenantdb.api.v1alpha1.TimescaleSpec;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Desired.WhenTimescaleMissing;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.TenantOverride;
import io.tenantdb.model.TenantSelection;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Reads a whole spec. */
final class SpecReader {
  private static final int MAX_OWNER_ID = 128;
  private static final int MAX_PARALLEL = 32;

  private final Problems problems;
  private final TenantDatabaseSpec spec;
  private final Fields fields;
  private final GoDuration durations;

  SpecReader(Problems problems, TenantDatabaseSpec spec) {
    this.problems = problems;
    this.spec = spec;
    this.fields = new Fields(problems);
    this.durations = new GoDuration(problems);
  }

  /** The template; notes what is wrong anywhere in the spec. */
  Desired template(String namespace, String name) {
    String ownerId = ownerId(namespace, name);
    interval();
    DesiredDatabase database = database();
    PolicyReader policies = new PolicyReader(fields);
    HypertableRules rules = new HypertableRules(problems);
    TenantsSpec tenants = spec.tenants();
    if (tenants == null) {
      problems.add("spec.tenants", "is required: say which schemas are tenants.");
      tenants =
          new TenantsSpec(List.of(), List.of("*"), List.of(), List.of(), null, null, List.of());
    }
    TenantSelection selection = new TenantsReader(fields, durations).read(tenants);
    List<DesiredIndex> indexes = new IndexReader(fields).read(spec.indexes());
    List<DesiredHypertable> hypertables =
        new HypertableReader(fields, policies, rules).read(spec.hypertables());
    List<TenantOverride> overrides =
        new OverrideReader(fields, policies, rules, hypertables).read(tenants.overrides());
    AggregateRules aggregateRules = new AggregateRules(problems);
    List<DesiredAggregate> aggregates =
        new AggregateReader(fields, policies, aggregateRules).read(spec.aggregates());
    checkTogether(indexes, hypertables);
    aggregateRules.checkNames(indexes, hypertables, aggregates);
    return new Desired(
        ownerId,
        selection,
        indexes,
        hypertables,
        aggregates,
        overrides,
        whenMissing(),
        safety(),
        rollout(database));
  }

  /** The database's settings. */
  DesiredDatabase database() {
    if (spec.database() == null) {
      problems.add("spec.database", "is required: say which database to connect to.");
    }
    return new DatabaseReader(spec.database() == null ? new Fields(new Problems()) : fields)
        .read(
            Objects.requireNonNullElse(
                spec.database(), new DatabaseSpec(null, null, null, null, null, null, null)));
  }

  /** The time between two drift checks. */
  Duration interval() {
    return durations.read(
        "spec.interval",
        spec.interval(),
        Defaults.INTERVAL,
        Duration.ofSeconds(30),
        Duration.ofHours(24),
        Grammar.INTERVAL_RANGE_MESSAGE);
  }

  private String ownerId(String namespace, String name) {
    if (spec.ownerId() == null && (namespace == null || name == null)) {
      problems.add(
          "spec.ownerId",
          "is required where the resource has no namespace or no name: it says whose marks are"
              + " ours.");
      return "";
    }
    return fields.text(
        "spec.ownerId",
        Objects.requireNonNullElse(spec.ownerId(), namespace + "/" + name),
        Grammar.OWNER_ID,
        MAX_OWNER_ID,
        "letters, digits, dots, dashes, underscores and slashes");
  }

  private WhenTimescaleMissing whenMissing() {
    return fields.word(
        "spec.timescale.whenMissing",
        Optional.ofNullable(spec.timescale()).map(TimescaleSpec::whenMissing).orElse(null),
        Defaults.WHEN_MISSING,
        Words.WHEN_MISSING);
  }

  private Desired.Safety safety() {
    SafetySpec safety =
        Objects.requireNonNullElse(
            spec.safety(), new SafetySpec(null, null, null, null, null, null, null));
    fields.word(
        "spec.safety.deletionPolicy",
        safety.deletionPolicy(),
        Defaults.DELETION_POLICY,
        Words.DELETION_POLICY);
    return new Desired.Safety(
        fields.word(
            "spec.safety.onDestructive",
            safety.onDestructive(),
            Defaults.ON_DESTRUCTIVE,
            Words.ON_DESTRUCTIVE),
        fields.word("spec.safety.onDrift", safety.onDrift(), Defaults.ON_DRIFT, Words.ON_DRIFT),
        fields.word("spec.safety.prune", safety.prune(), Defaults.PRUNE, Words.PRUNE),
        Objects.requireNonNullElse(safety.allowSuperuserOwned(), Defaults.ALLOW_SUPERUSER_OWNED),
        durations.read(
            "spec.safety.lockTimeout",
            safety.lockTimeout(),
            Defaults.LOCK_TIMEOUT,
            Duration.ofMillis(1),
            Duration.ofMinutes(10),
            Grammar.LOCK_TIMEOUT_MESSAGE),
        durations.read(
            "spec.safety.buildTimeout",
            safety.buildTimeout(),
            Defaults.BUILD_TIMEOUT,
            Duration.ofMillis(1),
            Duration.ofDays(7),
            Grammar.BUILD_TIMEOUT_MESSAGE));
  }

  private Desired.Rollout rollout(DesiredDatabase database) {
    String path = "spec.rollout.maxParallel";
    Optional<Integer> declared = Optional.ofNullable(spec.rollout()).map(RolloutSpec::maxParallel);
    // The default fits every number of connections that is allowed.
    declared
        .filter(parallel -> parallel <= MAX_PARALLEL && database.maxConnections() < parallel + 2)
        .ifPresent(parallel -> problems.add(path, Grammar.MAX_PARALLEL_MESSAGE));
    return new Desired.Rollout(
        fields.number(path, declared.orElse(null), Defaults.MAX_PARALLEL, 1, MAX_PARALLEL));
  }

  /** Rules across indexes and hypertables. */
  private void checkTogether(List<DesiredIndex> indexes, List<DesiredHypertable> hypertables) {
    Map<String, String> timeColumns = new HashMap<>();
    hypertables.forEach(h -> timeColumns.put(h.table(), h.timeColumn()));
    Set<String> tables = new HashSet<>(timeColumns.keySet());
    indexes.forEach(index -> tables.add(index.table()));
    for (DesiredIndex index : indexes) {
      String timeColumn = timeColumns.get(index.table());
      if (index.unique()
          && timeColumn != null
          && index.keys().stream().noneMatch(key -> key.column().equals(Optional.of(timeColumn)))) {
        problems.add(
            "spec.indexes",
            "the unique index "
                + Problems.shown(index.name())
                + " must have the time column "
                + Problems.shown(timeColumn)
                + " of the hypertable "
                + Problems.shown(index.table())
                + " among its keys: TimescaleDB holds uniqueness per chunk only.");
      }
      if (tables.contains(index.name())) {
        problems.add(
            "spec.indexes",
            "an index and a table cannot both be named "
                + Problems.shown(index.name())
                + ": both are relations of the same schema.");
      }
    }
  }
}

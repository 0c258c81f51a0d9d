package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.SafetySpec;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.TenantOverride;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** From a spec to what every tenant must have: defaults, rules, overrides. Pure. */
public final class Resolution {

  private Resolution() {}

  /**
   * The template of a spec. The whole spec is held to its rules, {@code database} and {@code
   * interval} too.
   *
   * @param namespace and {@code name}: the default {@code ownerId} is {@code <namespace>/<name>}
   * @throws InvalidSpecException with every rule that the spec breaks
   */
  public static Desired template(String namespace, String name, TenantDatabaseSpec spec) {
    return resolve(spec, reader -> reader.template(namespace, name));
  }

  /**
   * What one tenant must have: the template with the tenant's overrides merged in, hashes included.
   * Tenants without an override share the template's lists.
   */
  public static DesiredTenant forTenant(Desired desired, String schema) {
    Map<String, TenantOverride.Hypertable> overrides =
        desired.overrides().stream()
            .filter(override -> override.schemas().contains(schema))
            .flatMap(override -> override.hypertables().stream())
            .collect(
                Collectors.toMap(
                    TenantOverride.Hypertable::table, Function.identity(), (first, last) -> last));
    if (overrides.isEmpty()) {
      return new DesiredTenant(desired.indexes(), desired.hypertables());
    }
    return new DesiredTenant(
        desired.indexes(),
        desired.hypertables().stream()
            .map(
                base ->
                    overrides.containsKey(base.table())
                        ? Overriding.merge(base, overrides.get(base.table()))
                        : base)
            .toList());
  }

  /** What each tenant must have. Tenants without an override share one instance. */
  public static Function<String, DesiredTenant> tenants(Desired desired) {
    DesiredTenant plain = new DesiredTenant(desired.indexes(), desired.hypertables());
    Map<String, DesiredTenant> overridden =
        desired.overrides().stream()
            .flatMap(override -> override.schemas().stream())
            .distinct()
            .collect(Collectors.toMap(Function.identity(), schema -> forTenant(desired, schema)));
    return schema -> overridden.getOrDefault(schema, plain);
  }

  /**
   * How to reach the spec's database.
   *
   * @throws InvalidSpecException with every rule that {@code spec.database} breaks
   */
  public static DesiredDatabase database(TenantDatabaseSpec spec) {
    return resolve(spec, SpecReader::database);
  }

  /**
   * Time between two drift checks, before jitter.
   *
   * @throws InvalidSpecException when {@code spec.interval} is none
   */
  public static Duration interval(TenantDatabaseSpec spec) {
    return resolve(spec, SpecReader::interval);
  }

  /** True when nothing may be changed. Never fails: it beats everything, also a broken spec. */
  public static boolean suspended(TenantDatabaseSpec spec) {
    return spec != null && Objects.requireNonNullElse(spec.suspend(), Defaults.SUSPEND);
  }

  /**
   * What becomes of the database when the resource goes. Never fails: where it cannot be read,
   * nothing is dropped.
   */
  public static DeletionPolicy deletionPolicy(TenantDatabaseSpec spec) {
    return Optional.ofNullable(spec)
        .map(TenantDatabaseSpec::safety)
        .map(SafetySpec::deletionPolicy)
        .map(Words.DELETION_POLICY::get)
        .orElse(DeletionPolicy.RETAIN);
  }

  private static <R> R resolve(TenantDatabaseSpec spec, Function<SpecReader, R> read) {
    Problems problems = new Problems();
    if (spec == null) {
      problems.add("spec", "is required.");
      problems.refuse();
    }
    R result = read.apply(new SpecReader(problems, spec));
    problems.refuse();
    return result;
  }
}

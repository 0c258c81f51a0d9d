package io.tenantdb.operator;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.desired.DesiredDatabase;
import io.tenantdb.desired.InvalidSpecException;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.Reason;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** From a resource, and what it refers to, to what its worker has to do. */
final class Assignments {

  /** For resources whose own interval cannot be read. */
  private static final Duration UNKNOWN_INTERVAL = Duration.ofMinutes(10);

  /** While a resource is being deleted somebody waits. */
  private static final Duration RETRY_OF_DELETION = Duration.ofSeconds(30);

  private static final Comparator<TenantDatabase> OLDEST_FIRST =
      Comparator.comparing((TenantDatabase resource) -> created(resource))
          .thenComparing(resource -> resource.getMetadata().getUid());

  private final References references;

  Assignments(References references) {
    this.references = references;
  }

  /**
   * What the worker has to do.
   *
   * @param neighbours resources of the same database, in any namespace; may hold the resource
   *     itself
   */
  Assignment of(TenantDatabase resource, Collection<TenantDatabase> neighbours) {
    ObjectMeta metadata = resource.getMetadata();
    long generation = Optional.ofNullable(metadata.getGeneration()).orElse(0L);
    TenantDatabaseSpec spec = resource.getSpec();
    if (spec == null) {
      return new Assignment.Blocked(
          generation,
          UNKNOWN_INTERVAL,
          Problem.of(
              Reason.SpecInvalid,
              "spec cannot be read by this version of the operator; its log says which field."));
    }
    Duration interval = UNKNOWN_INTERVAL;
    try {
      Desired desired = Resolution.template(metadata.getNamespace(), metadata.getName(), spec);
      interval = Resolution.interval(spec);
      ConnectionSettings settings =
          references.read(metadata.getNamespace(), Resolution.database(spec));
      Optional<String> twin = twin(resource, neighbours);
      boolean suspended = Resolution.suspended(spec);
      if (metadata.getDeletionTimestamp() == null) {
        return new Assignment.Work(
            generation,
            interval,
            twin.isPresent() ? desired.withoutPruning() : desired,
            settings,
            suspended,
            claims(resource, neighbours));
      }
      return twin.<Assignment>map(
              other ->
                  new Assignment.Blocked(
                      generation,
                      RETRY_OF_DELETION,
                      Problem.of(
                          Reason.Conflict,
                          "resource %s has the same spec.ownerId, and so the same marks."
                              .formatted(other))))
          .orElseGet(
              () ->
                  new Assignment.Work(
                      generation,
                      RETRY_OF_DELETION,
                      desired.forDeletion(),
                      settings,
                      suspended,
                      Claims.NONE,
                      true));
    } catch (InvalidSpecException e) {
      return new Assignment.Blocked(
          generation, interval, Problem.of(Reason.SpecInvalid, e.getMessage()));
    } catch (References.MissingException e) {
      return new Assignment.Blocked(generation, interval, e.problem());
    }
  }

  /**
   * Names the database that a spec is about, as far as a spec can: two names of one host are two
   * databases to it. Empty where the spec cannot be read.
   */
  static Optional<String> databaseKey(TenantDatabase resource) {
    try {
      DesiredDatabase database = Resolution.database(resource.getSpec());
      return Optional.of(
          "%s:%d/%s"
              .formatted(
                  database.host().toLowerCase(Locale.ROOT), database.port(), database.name()));
    } catch (InvalidSpecException e) {
      return Optional.empty();
    }
  }

  /** Names of the Secrets and ConfigMaps that a spec refers to. */
  static List<String> referenceNames(TenantDatabase resource) {
    try {
      DesiredDatabase database = Resolution.database(resource.getSpec());
      return Stream.concat(
              Stream.of(database.credentials().secret()),
              database.tls().ca().stream().map(DesiredDatabase.CaRef::name))
          .distinct()
          .toList();
    } catch (InvalidSpecException e) {
      return List.of();
    }
  }

  /**
   * Another resource of the same database and the same owner, which makes the same marks: what one
   * of them declares no more is the other one's.
   */
  private static Optional<String> twin(
      TenantDatabase resource, Collection<TenantDatabase> neighbours) {
    return neighbours.stream()
        .filter(other -> !ResourceKey.of(other).equals(ResourceKey.of(resource)))
        .filter(other -> other.getMetadata().getDeletionTimestamp() == null)
        .filter(other -> ownerId(other).equals(ownerId(resource)))
        .map(other -> other.getMetadata().getNamespace() + "/" + other.getMetadata().getName())
        .sorted()
        .findFirst();
  }

  private static String ownerId(TenantDatabase resource) {
    ObjectMeta metadata = resource.getMetadata();
    return Optional.ofNullable(resource.getSpec())
        .map(TenantDatabaseSpec::ownerId)
        .orElseGet(() -> metadata.getNamespace() + "/" + metadata.getName());
  }

  private static Claims claims(TenantDatabase resource, Collection<TenantDatabase> neighbours) {
    return new Claims(
        neighbours.stream()
            .filter(other -> other.getMetadata().getDeletionTimestamp() == null)
            .filter(other -> OLDEST_FIRST.compare(other, resource) < 0)
            .sorted(OLDEST_FIRST)
            .flatMap(other -> claim(other).stream())
            .toList());
  }

  private static Optional<Claims.Claim> claim(TenantDatabase resource) {
    ObjectMeta metadata = resource.getMetadata();
    try {
      Desired desired =
          Resolution.template(metadata.getNamespace(), metadata.getName(), resource.getSpec());
      return Optional.of(
          new Claims.Claim(
              metadata.getNamespace() + "/" + metadata.getName(),
              desired.tenants(),
              desired.hypertables().stream()
                  .map(DesiredHypertable::table)
                  .collect(Collectors.toSet())));
    } catch (InvalidSpecException e) {
      return Optional.empty();
    }
  }

  private static String created(TenantDatabase resource) {
    return Optional.ofNullable(resource.getMetadata().getCreationTimestamp()).orElse("");
  }
}

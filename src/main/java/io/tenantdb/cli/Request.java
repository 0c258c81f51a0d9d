package io.tenantdb.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.desired.InvalidSpecException;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Desired;
import io.tenantdb.model.TenantSelection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a command was asked for, read and checked.
 *
 * @param desired with {@code settle} zero under {@code --no-settle}
 * @param suspended {@code spec.suspend}: nothing may be changed
 */
record Request(Desired desired, ConnectionSettings settings, boolean suspended) {

  /**
   * Reads the files and the options.
   *
   * @throws CliException with everything that is wrong, one sentence each
   */
  static Request read(ResourceOptions options, Surroundings surroundings, ResourceRules rules) {
    Documents documents = Documents.read(options.files());
    JsonNode resource = documents.tenantDatabase();
    List<String> refused = rules.problems(resource);
    if (!refused.isEmpty()) {
      throw new CliException(refused);
    }
    if (!resource.path("spec").isObject()) {
      throw new CliException("spec is required.");
    }
    TenantDatabaseSpec spec = spec(resource.path("spec"));
    Desired desired = desired(resource, namespace(resource, spec, options), spec);
    ConnectionSettings settings =
        new Connections(surroundings, options, documents).resolve(Resolution.database(spec));
    return new Request(
        options.noSettle() ? unsettled(desired) : desired, settings, Resolution.suspended(spec));
  }

  /** {@code platform/fruitpak on db.example:5432/fruitpak}. */
  String title() {
    return "%s on %s:%d/%s"
        .formatted(desired.ownerId(), settings.host(), settings.port(), settings.database());
  }

  private static TenantDatabaseSpec spec(JsonNode node) {
    try {
      return new ObjectMapper()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .treeToValue(node, TenantDatabaseSpec.class);
    } catch (JsonProcessingException e) {
      throw new CliException("spec cannot be read: " + e.getOriginalMessage() + ".");
    }
  }

  private static String namespace(
      JsonNode resource, TenantDatabaseSpec spec, ResourceOptions options) {
    Optional<String> written =
        Optional.of(resource.path("metadata").path("namespace").asText())
            .filter(text -> !text.isEmpty());
    if (written.isPresent()
        && options.namespace().isPresent()
        && !options.namespace().equals(written)) {
      throw new CliException(
          "metadata.namespace is %s, and --namespace says %s: drop one of them."
              .formatted(written.get(), options.namespace().get()));
    }
    Optional<String> namespace = written.or(options::namespace);
    if (namespace.isEmpty() && spec.ownerId() == null) {
      throw new CliException(
          "The resource has no metadata.namespace: give --namespace, or set spec.ownerId, so that"
              + " the marks on the database's objects are the operator's.");
    }
    return namespace.orElse("");
  }

  private static Desired desired(JsonNode resource, String namespace, TenantDatabaseSpec spec) {
    try {
      return Resolution.template(namespace, Documents.metadataName(resource), spec);
    } catch (InvalidSpecException e) {
      throw new CliException(e.problems());
    }
  }

  private static Desired unsettled(Desired desired) {
    TenantSelection tenants = desired.tenants();
    return desired.withTenants(
        new TenantSelection(
            tenants.schemas(),
            tenants.patterns(),
            tenants.exclude(),
            tenants.searchPath(),
            Duration.ZERO,
            tenants.onMissingTable()));
  }
}

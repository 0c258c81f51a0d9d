package io.tenantdb.testing.inprocess;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.APIGroup;
import io.fabric8.kubernetes.api.model.APIGroupBuilder;
import io.fabric8.kubernetes.api.model.APIGroupListBuilder;
import io.fabric8.kubernetes.api.model.APIResource;
import io.fabric8.kubernetes.api.model.APIResourceBuilder;
import io.fabric8.kubernetes.api.model.APIResourceListBuilder;
import io.fabric8.kubernetes.api.model.APIVersionsBuilder;
import io.fabric8.kubernetes.api.model.GroupVersionForDiscovery;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which kinds the server has, and how it tells. */
final class Discovery {
  /** Of one object or all of a kind; {@code namespaces} is a kind, and a part of others' paths. */
  private static final Pattern PATH =
      Pattern.compile(
          "/api(?:s/(?<group>[^/]+))?/(?<version>[^/]+)(?:/namespaces/[^/]+)?/(?<plural>[^/]+)"
              + "(?:/[^/]+)?(?:/status)?");

  private final List<ServedKind> kinds =
      new CopyOnWriteArrayList<>(
          List.of(
              ServedKind.builtIn("", "v1", "namespaces", "Namespace", false, "ns"),
              ServedKind.builtIn("", "v1", "secrets", "Secret", true),
              ServedKind.builtIn("", "v1", "configmaps", "ConfigMap", true, "cm"),
              ServedKind.builtIn("events.k8s.io", "v1", "events", "Event", true, "ev"),
              ServedKind.builtIn("coordination.k8s.io", "v1", "leases", "Lease", true),
              ServedKind.builtIn(
                  "apiextensions.k8s.io",
                  "v1",
                  "customresourcedefinitions",
                  "CustomResourceDefinition",
                  false,
                  "crd")));

  /** Serves the kinds of a new or changed definition. */
  void define(JsonNode definition) {
    List<ServedKind> defined = ServedKind.defined(definition);
    kinds.removeIf(
        known ->
            defined.stream()
                .anyMatch(
                    it -> it.group().equals(known.group()) && it.plural().equals(known.plural())));
    kinds.addAll(defined);
  }

  /** The kind of a path, if there is one. */
  Optional<ServedKind> kind(String path) {
    Matcher parts = PATH.matcher(path);
    if (!parts.matches()) {
      return Optional.empty();
    }
    String group = Optional.ofNullable(parts.group("group")).orElse("");
    return kinds.stream()
        .filter(
            kind ->
                kind.group().equals(group)
                    && kind.version().equals(parts.group("version"))
                    && kind.plural().equals(parts.group("plural")))
        .findFirst();
  }

  /** The document of a path, if it is one of discovery. */
  Optional<Object> document(String path) {
    return switch (path) {
      case "/version" ->
          Optional.of(Map.of("major", "1", "minor", "36", "gitVersion", "v1.36.0-in-process"));
      case "/api" -> Optional.of(new APIVersionsBuilder().withVersions("v1").build());
      case "/apis" -> Optional.of(new APIGroupListBuilder().withGroups(groups()).build());
      default -> resources(path.replaceFirst("^/apis?/", ""));
    };
  }

  private List<APIGroup> groups() {
    return kinds.stream()
        .filter(kind -> !kind.group().isEmpty())
        .map(
            kind -> {
              GroupVersionForDiscovery version =
                  new GroupVersionForDiscovery(kind.groupVersion(), kind.version());
              return new APIGroupBuilder()
                  .withName(kind.group())
                  .withVersions(version)
                  .withPreferredVersion(version)
                  .build();
            })
        .distinct()
        .toList();
  }

  private Optional<Object> resources(String groupVersion) {
    List<APIResource> resources =
        kinds.stream()
            .filter(kind -> kind.groupVersion().equals(groupVersion))
            .map(Discovery::resource)
            .toList();
    return resources.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new APIResourceListBuilder()
                .withGroupVersion(groupVersion)
                .withResources(resources)
                .build());
  }

  private static APIResource resource(ServedKind kind) {
    return new APIResourceBuilder()
        .withName(kind.plural())
        .withSingularName(kind.singular())
        .withKind(kind.kind())
        .withNamespaced(kind.namespaced())
        .withShortNames(kind.shortNames())
        .withVerbs("get", "list", "watch", "create", "update", "patch", "delete")
        .build();
  }
}

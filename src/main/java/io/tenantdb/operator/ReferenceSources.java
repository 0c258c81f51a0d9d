package io.tenantdb.operator;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.javaoperatorsdk.operator.api.config.informer.FieldSelectorBuilder;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.TransformingItemStore;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Watches Secrets and ConfigMaps, so that a changed one is noticed at once. Only their names and
 * versions are kept: the contents are read when they are needed, never cached. Helm's release
 * Secrets, the big ones of a cluster, are not even transferred.
 */
final class ReferenceSources {
  private static final String INDEX = "references";
  private static final long PAGE = 500L;

  private final EventSourceContext<TenantDatabase> context;

  private ReferenceSources(EventSourceContext<TenantDatabase> context) {
    this.context = context;
  }

  /**
   * One source a kind and namespace: the informers of several namespaces must not share a store,
   * because each would drop the others' entries when it lists anew.
   */
  static List<EventSource<?, TenantDatabase>> of(EventSourceContext<TenantDatabase> context) {
    context
        .getPrimaryCache()
        .addIndexer(
            INDEX,
            resource ->
                Assignments.referenceNames(resource).stream()
                    .map(name -> key(resource.getMetadata().getNamespace(), name))
                    .toList());
    ReferenceSources sources = new ReferenceSources(context);
    Set<String> namespaces =
        context
            .getControllerConfiguration()
            .getInformerConfig()
            .getEffectiveNamespaces(context.getControllerConfiguration());
    List<EventSource<?, TenantDatabase>> all = new ArrayList<>();
    for (String namespace : namespaces) {
      all.add(sources.source(Secret.class, namespace, ReferenceSources::nameOnly));
      all.add(sources.source(ConfigMap.class, namespace, ReferenceSources::nameOnly));
    }
    return all;
  }

  private <R extends HasMetadata> EventSource<?, TenantDatabase> source(
      Class<R> type, String namespace, UnaryOperator<R> nameOnly) {
    InformerEventSourceConfiguration.Builder<R> builder =
        InformerEventSourceConfiguration.from(type, TenantDatabase.class)
            .withName(type.getSimpleName() + "-" + namespace)
            .withNamespaces(namespace)
            .withItemStore(new TransformingItemStore<>(nameOnly))
            .withInformerListLimit(PAGE)
            .withSecondaryToPrimaryMapper(this::referring)
            .<TenantDatabase>withPrimaryToSecondaryMapper(ReferenceSources::referred);
    if (type == Secret.class) {
      builder.withFieldSelector(
          new FieldSelectorBuilder().withoutField("type", "helm.sh/release.v1").build());
    }
    return new InformerEventSource<>(builder.build(), context);
  }

  private Set<ResourceID> referring(HasMetadata referred) {
    ObjectMeta metadata = referred.getMetadata();
    return context
        .getPrimaryCache()
        .byIndex(INDEX, key(metadata.getNamespace(), metadata.getName()))
        .stream()
        .map(ResourceID::fromResource)
        .collect(Collectors.toSet());
  }

  private static Set<ResourceID> referred(TenantDatabase resource) {
    return Assignments.referenceNames(resource).stream()
        .map(name -> new ResourceID(name, resource.getMetadata().getNamespace()))
        .collect(Collectors.toSet());
  }

  private static Secret nameOnly(Secret secret) {
    return new SecretBuilder().withMetadata(nameOnly(secret.getMetadata())).build();
  }

  private static ConfigMap nameOnly(ConfigMap map) {
    return new ConfigMapBuilder().withMetadata(nameOnly(map.getMetadata())).build();
  }

  private static ObjectMeta nameOnly(ObjectMeta metadata) {
    return new ObjectMetaBuilder()
        .withName(metadata.getName())
        .withNamespace(metadata.getNamespace())
        .withResourceVersion(metadata.getResourceVersion())
        .build();
  }

  private static String key(String namespace, String name) {
    return namespace + "/" + name;
  }
}

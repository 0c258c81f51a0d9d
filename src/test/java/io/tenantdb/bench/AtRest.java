package io.tenantdb.bench;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.tenantdb.testing.Command;
import io.tenantdb.testing.KubernetesApi;
import io.tenantdb.testing.PostgresServer;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the operator costs where nothing happens: how long it takes to be ready, what it keeps of
 * memory once its tenants are as declared, and what it takes of the processor while it waits.
 */
final class AtRest {
  private static final double READY_GOAL = 3;
  private static final double MEMORY_GOAL = 256;
  private static final int RESOURCES = 20;
  private static final int TENANTS_EACH = 10;
  private static final int MORE_PASSES = 10;
  private static final String RARELY = "10m";
  private static final String OFTEN = "30s";

  private final int tenants;
  private final int seed;
  private final int repeat;
  private final Duration idle;
  private final PrintStream out;
  private final List<Figure> figures = new ArrayList<>();

  AtRest(int tenants, int seed, int repeat, Duration idle, PrintStream out) {
    this.tenants = tenants;
    this.seed = seed;
    this.repeat = repeat;
    this.idle = idle;
    this.out = out;
  }

  List<Figure> measure() throws Exception {
    try (KubernetesApi api = KubernetesApi.start();
        PostgresServer server = PostgresServer.start(PostgresServer.NEWEST)) {
      out.printf("The operator, with Kubernetes API %s%n", api.version());
      Resources resources = new Resources(api, server);
      resources.installDefinition();
      start(api);
      memory(api, server, resources);
      processor(api, server, resources);
    }
    return figures;
  }

  private void start(KubernetesApi api) throws Exception {
    double bare = Median.of(repeat, AtRest::bareJvm);
    String namespace = api.createNamespace("start");
    Map<String, String> environment = Map.of("TENANTDB_WATCH_NAMESPACES", "all");
    double listening = Median.of(repeat, () -> untilGood(api, environment, "/livez"));
    double ready = Median.of(repeat, () -> untilGood(api, environment, "/readyz"));
    double leading = Median.of(repeat, () -> untilLeading(api, namespace));
    add(Figure.of("a JVM that does nothing", bare, "s").note("java -version"));
    add(Figure.of("start to /livez", listening, "s"));
    add(
        Figure.of("start to /readyz", ready, "s")
            .aim(READY_GOAL)
            .note("%.1f × the JVM that does nothing".formatted(ready / bare)));
    add(Figure.of("start to leading", leading, "s").note("with leader election, the lease free"));
  }

  private static double bareJvm() {
    String java =
        Optional.ofNullable(System.getenv("JAVA_HOME"))
            .filter(home -> !home.isEmpty())
            .map(home -> home + "/bin/java")
            .orElse("java");
    long start = System.nanoTime();
    Command.run(Duration.ofMinutes(1), Map.of(), List.of(java, "-version")).orThrow();
    return (System.nanoTime() - start) / 1e9;
  }

  private static double untilGood(KubernetesApi api, Map<String, String> environment, String probe)
      throws Exception {
    try (RestingOperator operator = RestingOperator.start(api.kubeconfig(), environment)) {
      return operator.awaitGood(probe);
    }
  }

  private static double untilLeading(KubernetesApi api, String namespace) throws Exception {
    String identity = "bench-" + System.nanoTime();
    try (RestingOperator operator =
        RestingOperator.start(
            api.kubeconfig(),
            Map.of(
                "TENANTDB_WATCH_NAMESPACES",
                "all",
                "TENANTDB_NAMESPACE",
                namespace,
                "TENANTDB_IDENTITY",
                identity,
                "TENANTDB_LEADER_ELECTION",
                "true"))) {
      return operator.await(() -> identity.equals(holder(api, namespace)));
    }
  }

  private static String holder(KubernetesApi api, String namespace) {
    return api.adminClient().leases().inNamespace(namespace).list().getItems().stream()
        .map((Lease lease) -> lease.getSpec().getHolderIdentity())
        .findFirst()
        .orElse("");
  }

  private void memory(KubernetesApi api, PostgresServer server, Resources resources)
      throws Exception {
    String namespace = "memory";
    Fleet fleet = new Fleet(tenants, 1, seed);
    server.createDatabase("fleet");
    new Psql(server, "fleet").run(fleet.schemas());
    resources.prepare(namespace);
    try (RestingOperator operator = watching(api, namespace)) {
      operator.awaitGood("/readyz");
      Thread.sleep(idle.toMillis() / 10);
      add(
          Figure.of("RSS without a resource", mib(operator.memory().residentKib()), "MiB")
              .aim(MEMORY_GOAL));
      resources.apply(namespace, "fleet", fleet, RARELY);
      resources.awaitReady(namespace, tenants);
      add(
          Figure.of(
                  "RSS with %,d tenants".formatted(tenants),
                  mib(operator.memory().residentKib()),
                  "MiB")
              .aim(MEMORY_GOAL)
              .note("right after it made their %,d indexes".formatted(tenants * 7)));
      long before = operator.passes();
      for (int pass = 1; pass <= MORE_PASSES; pass++) {
        // A changed spec is looked at at once.
        resources.apply(namespace, "fleet", fleet, (10 + pass) + "m");
        resources.awaitReady(namespace, tenants);
      }
      long passes = operator.passes() - before;
      Thread.sleep(idle.toMillis() / 2);
      ProcessMemory memory = operator.memory();
      add(
          Figure.of("the same, at rest", mib(memory.residentKib()), "MiB")
              .aim(MEMORY_GOAL)
              .note(
                  "%d passes later; the most ever was %.0f MiB"
                      .formatted(passes, mib(memory.peakKib()))));
    }
  }

  private void processor(KubernetesApi api, PostgresServer server, Resources resources)
      throws Exception {
    String namespace = "processor";
    Fleet fleet = new Fleet(TENANTS_EACH, 1, seed);
    server.createDatabase("few");
    new Psql(server, "few").run(fleet.schemas());
    resources.prepare(namespace);
    for (int i = 1; i <= RESOURCES; i++) {
      server.execute("postgres", "CREATE DATABASE \"few-%d\" TEMPLATE few".formatted(i));
    }
    try (RestingOperator operator = watching(api, namespace)) {
      operator.awaitGood("/readyz");
      apply(resources, namespace, fleet, RARELY);
      // What the compiler still does, and sessions that are given back, are no rest.
      Thread.sleep(idle.toMillis());
      Cpu rarely = cpu(operator);
      apply(resources, namespace, fleet, OFTEN);
      Cpu often = cpu(operator);
      double look = (often.millis() - rarely.millis()) / Math.max(1, often.passes());
      add(
          Figure.of(
                  "CPU of %d resources, every %s".formatted(RESOURCES, RARELY),
                  rarely.perMinute(),
                  "ms/min")
              .note("%d passes in it".formatted(rarely.passes())));
      add(
          Figure.of(
                  "CPU of %d resources, every %s".formatted(RESOURCES, OFTEN),
                  often.perMinute(),
                  "ms/min")
              .note("%d passes in it, %.0f ms each".formatted(often.passes(), look)));
      add(
          Figure.of("RSS with 20 resources", mib(operator.memory().residentKib()), "MiB")
              .aim(MEMORY_GOAL));
    }
  }

  private void apply(Resources resources, String namespace, Fleet fleet, String interval)
      throws InterruptedException {
    for (int i = 1; i <= RESOURCES; i++) {
      resources.apply(namespace, "few-" + i, fleet, interval);
    }
    resources.awaitReady(namespace, TENANTS_EACH);
  }

  private record Cpu(double millis, long passes, double minutes) {
    double perMinute() {
      return millis / minutes;
    }
  }

  private Cpu cpu(RestingOperator operator) throws Exception {
    long passes = operator.passes();
    Duration before = operator.cpu();
    long start = System.nanoTime();
    Thread.sleep(idle.toMillis());
    double minutes = (System.nanoTime() - start) / 60e9;
    Duration used = operator.cpu().minus(before);
    return new Cpu(used.toMillis(), operator.passes() - passes, minutes);
  }

  private static RestingOperator watching(KubernetesApi api, String namespace) throws Exception {
    return RestingOperator.start(api.kubeconfig(), Map.of("TENANTDB_WATCH_NAMESPACES", namespace));
  }

  private void add(Figure figure) {
    figures.add(figure);
    out.printf("  %s: %.2f %s%n", figure.what(), figure.value(), figure.unit());
  }

  private static double mib(long kib) {
    return kib / 1024.0;
  }
}

package io.tenantdb.demo;

import io.tenantdb.demo.Steps.Finding;
import io.tenantdb.testing.ApiServer;
import io.tenantdb.testing.KubernetesApi;
import io.tenantdb.testing.TimescaleServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** {@code bin/tenantdb demo [--once] [--kube]}. */
public final class Demo {
  private static final Duration CONVERGE = Duration.ofMinutes(10);
  private static final Duration HEAL = Duration.ofMinutes(3);
  private static final String NEWCOMER = "tenant_newcomer";

  private final Steps steps = new Steps(System.out);
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final boolean once;
  private final boolean buildKubernetes;

  private Demo(boolean once, boolean buildKubernetes) {
    this.once = once;
    this.buildKubernetes = buildKubernetes;
  }

  public static void main(String[] arguments) throws Exception {
    List<String> words = Arrays.asList(arguments);
    if (!List.of("--once", "--kube").containsAll(words)) {
      System.err.println(
          """
          usage: bin/tenantdb demo [--once] [--kube]
            Starts a TimescaleDB, a Kubernetes API and the operator on this machine, tunes FruitPak's
            tenants, and waits for you to look around. --once: exits instead, 0 only if every step held.
            Where no real Kubernetes API is at hand one in this process stands in; --kube builds the real one
            instead (by go, about ten minutes, once).""");
      System.exit(words.contains("--help") ? 0 : 1);
    }
    Demo demo = new Demo(words.contains("--once"), words.contains("--kube"));
    Runtime.getRuntime().addShutdownHook(new Thread(demo::close, "demo-close"));
    int status = demo.run();
    demo.close();
    System.exit(status);
  }

  private int run() throws InterruptedException {
    try {
      play();
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      steps.say("");
      steps.say("The demo ends here: " + e.getMessage());
      return 1;
    }
    return steps.allHeld() ? 0 : 1;
  }

  private void play() throws Exception {
    TimescaleServer server = database();
    ApiServer api = kubernetes();
    String password = HexFormat.of().toHexDigits(new java.security.SecureRandom().nextLong());
    FruitPak fruitPak = new FruitPak(server, password);
    steps.need(
        "FruitPak's data",
        () -> fruitPak.create(schema -> steps.say("        … " + schema)),
        seen -> seen);
    Cluster cluster = new Cluster(api);
    Queries queries = new Queries(fruitPak);
    Map<String, Queries.Measured> before =
        steps.need(
            "the application's queries, as they are",
            () -> queries.measure(FruitPak.BIG),
            measured -> measured.size() + " timed in " + FruitPak.BIG);
    steps.need(
        "the resource",
        () -> {
          cluster.prepare(FruitPak.OPERATOR, password);
          cluster.apply(server);
          return cluster;
        },
        it ->
            "applied examples/fruitpak.yaml with host %s:%d, TLS off, interval %s, settle %s"
                .formatted(server.host(), server.port(), Cluster.INTERVAL, Cluster.SETTLE));
    OperatorProcess operator =
        steps.need(
            "the operator",
            () -> started(OperatorProcess.start(api.kubeconfig(), freePort())),
            it -> "bin/tenantdb operator, log in " + it.log());
    steps.check("convergence", () -> ready(cluster, operator));
    steps.say("");
    steps.say("$ kubectl get tdb -n " + Cluster.NAMESPACE);
    cluster.row().forEach(steps::say);
    steps.say("");
    cluster.conditions().forEach(steps::say);
    steps.say("");
    Verification verification = new Verification(fruitPak);
    Policies policies = new Policies(fruitPak, server.isNative());
    Aggregate aggregate = new Aggregate(fruitPak, policies);
    verify(verification, aggregate);
    if (steps.allHeld()) {
      worth(queries, before, policies, aggregate);
      drift(fruitPak, verification, cluster);
      newTenant(fruitPak, verification, cluster);
    } else {
      steps.say("The operator's last words:");
      steps.say(operator.logTail());
    }
    steps.say("");
    steps.say(steps.allHeld() ? "Every step held." : "Not every step held; see FAILED above.");
    if (!once) {
      lookAround(server, api, operator);
      new CountDownLatch(1).await();
    }
  }

  private ApiServer kubernetes() throws Exception {
    if (buildKubernetes || System.getProperty("tenantdb.kube") == null) {
      System.setProperty("tenantdb.kube", buildKubernetes ? "build" : "download");
    }
    ApiServer api =
        steps.need(
            "the Kubernetes API",
            () -> started(buildKubernetes ? KubernetesApi.start() : ApiServer.start()),
            it -> it.description() + " at " + it.url());
    if (!api.authorizes()) {
      steps.say(
          "        It stands in for a real one. bin/tenantdb demo --kube, or mvn -Pkube verify, builds"
              + " that once.");
    }
    return api;
  }

  private TimescaleServer database() throws Exception {
    TimescaleServer server =
        steps.need(
            "the database",
            () -> started(TimescaleServer.start(TimescaleServer.License.COMMUNITY)),
            TimescaleServer::version);
    steps.say(
        server.isNative()
            ? "        A native server: it runs the policies by itself."
            : "        The WASM build: one backend that all connections share in turn, and no"
                + " background workers: what is declared is real, but the server runs no policy by"
                + " itself; where one must have run, the demo runs it, and says so.");
    return server;
  }

  private Finding ready(Cluster cluster, OperatorProcess operator) throws InterruptedException {
    return steps.await(
        CONVERGE,
        () -> {
          if (!operator.alive()) {
            throw new IllegalStateException("the operator ended; see " + operator.log());
          }
          // Waiting tenants do not stand in the way of Ready, and at first all of them settle.
          boolean synced =
              cluster.status().stream()
                  .anyMatch(
                      status ->
                          status.tenants() != null
                              && status.tenants().synced() == FruitPak.TENANTS.size());
          return cluster
              .condition("Ready")
              .map(
                  ready ->
                      new Finding(
                          synced && ready.getStatus().equals("True"),
                          "Ready is %s: %s".formatted(ready.getStatus(), ready.getMessage())))
              .orElse(Finding.failed("no condition Ready yet"));
        },
        cluster::progress);
  }

  private void verify(Verification verification, Aggregate aggregate) throws InterruptedException {
    List<String> tenants = FruitPak.TENANTS;
    verification.views().forEach(steps::say);
    steps.check("indexes", () -> verification.indexes(tenants));
    steps.check("policies", () -> verification.policies(tenants));
    steps.check("chunk interval", () -> verification.chunkIntervals(tenants));
    steps.check("aggregate", () -> aggregate.sums(tenants));
    steps.check("aggregate's policy", () -> aggregate.jobs(tenants));
    steps.check("exclusion", () -> verification.untouched(FruitPak.TEMPLATE));
    steps.check("leftovers", verification::noLeftovers);
  }

  /** What it was for. */
  private void worth(
      Queries queries, Map<String, Queries.Measured> before, Policies policies, Aggregate aggregate)
      throws InterruptedException {
    List<String> tenants = FruitPak.TENANTS;
    steps.say("");
    steps.check(
        "the application's queries, now",
        () -> {
          Map<String, Queries.Measured> after = queries.measure(FruitPak.BIG);
          Columns.lines(Queries.table(before, after)).forEach(line -> steps.say("        " + line));
          long indexed = after.values().stream().filter(measured -> measured.uses("ix_")).count();
          return new Finding(
              indexed > 0,
              "%d of %d find their rows by a declared index".formatted(indexed, after.size()));
        });
    steps.check("compression", () -> policies.compression(tenants));
    steps.check("aggregate's refresh", () -> aggregate.refreshed(FruitPak.BIG));
    steps.check(
        "aggregate's use",
        () -> {
          Columns.lines(aggregate.timed(FruitPak.BIG))
              .forEach(line -> steps.say("        " + line));
          return Finding.ok("timed in " + FruitPak.BIG);
        });
  }

  private void drift(FruitPak fruitPak, Verification verification, Cluster cluster)
      throws InterruptedException {
    steps.say("");
    steps.say(
        "Somebody drops an index of tenant_citrus and removes the retention of tenant_delta:");
    steps.check(
        "drift",
        () -> {
          fruitPak.asApplication(
              "DROP INDEX tenant_citrus.ix_batches_fruit_type",
              "SELECT remove_retention_policy('tenant_delta.batch_history')");
          return Finding.ok("both are gone");
        });
    steps.check(
        "index healed",
        () ->
            steps.await(
                HEAL,
                () -> verification.index("tenant_citrus", "ix_batches_fruit_type"),
                cluster::progress));
    steps.check(
        "retention healed",
        () ->
            steps.await(
                HEAL, () -> verification.retention("tenant_delta", "2 years"), cluster::progress));
  }

  private void newTenant(FruitPak fruitPak, Verification verification, Cluster cluster)
      throws InterruptedException {
    steps.say("");
    steps.say("A customer signs up: " + NEWCOMER + " appears, with plain empty tables:");
    Aggregate aggregate = new Aggregate(fruitPak, new Policies(fruitPak, false));
    steps.check(
        "new tenant",
        () -> {
          fruitPak.createEmpty(NEWCOMER);
          return steps.await(
              HEAL,
              () -> {
                List<Finding> findings =
                    List.of(
                        verification.indexes(List.of(NEWCOMER)),
                        verification.policies(List.of(NEWCOMER)),
                        verification.chunkIntervals(List.of(NEWCOMER)),
                        aggregate.jobs(List.of(NEWCOMER)));
                return findings.stream()
                    .filter(finding -> !finding.held())
                    .findFirst()
                    .orElse(
                        Finding.ok(
                            "its tables are hypertables, with 7 indexes, compression, retention and"
                                + " the daily intake"));
              },
              cluster::progress);
        });
    steps.check(
        "ready again",
        () ->
            steps.await(
                HEAL,
                () ->
                    cluster
                        .status()
                        .filter(status -> status.tenants() != null)
                        .map(
                            status ->
                                new Finding(
                                    status.tenants().synced() == FruitPak.TENANTS.size() + 1,
                                    status.tenants().synced() + " tenants synced"))
                        .orElse(Finding.failed("no status")),
                Optional::empty));
  }

  private void lookAround(TimescaleServer server, ApiServer api, OperatorProcess operator) {
    steps.say("");
    steps.say("Look around, in another terminal:");
    steps.say(
        "  PGPASSWORD=%s psql -h %s -p %d -U %s %s"
            .formatted(
                server.password(), server.host(), server.port(), server.user(), server.database()));
    steps.say("    \\d tenant_acme.batches");
    steps.say("    SELECT hypertable_schema, proc_name, config FROM timescaledb_information.jobs;");
    steps.say("  export KUBECONFIG=" + api.kubeconfig());
    steps.say("    kubectl -n platform get tdb fruitpak");
    steps.say("    kubectl -n platform describe tdb fruitpak");
    if (api.authorizes()) {
      steps.say("    kubectl explain tdb.spec.aggregates");
    }
    steps.say("  tail -f " + operator.log());
    steps.say("Drop an index, add a schema, edit the resource, and watch. Ctrl-C ends it all.");
  }

  private <P extends AutoCloseable> P started(P part) {
    synchronized (parts) {
      parts.push(part);
    }
    return part;
  }

  /** Last started, first stopped. */
  private void close() {
    synchronized (parts) {
      while (!parts.isEmpty()) {
        try {
          parts.pop().close();
        } catch (Exception e) {
          System.err.println("cleaning up: " + e.getMessage());
        }
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}

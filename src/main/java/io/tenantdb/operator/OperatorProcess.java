package io.tenantdb.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.RuntimeInfo;
import io.javaoperatorsdk.operator.api.config.ConfigurationServiceOverrider;
import io.javaoperatorsdk.operator.api.config.ControllerConfigurationOverrider;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetrics;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.fleet.Engine;
import io.tenantdb.model.ChangeResult;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The running operator: everything wired together, started, and stopped in order. */
public final class OperatorProcess implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OperatorProcess.class);
  private static final int RECONCILE_THREADS = 10;
  private static final Duration RECONCILE_END = Duration.ofSeconds(3);
  private static final Backoff RETRY =
      new Backoff(
          Duration.ofSeconds(1),
          Duration.ofMinutes(5),
          () -> ThreadLocalRandom.current().nextDouble());

  private final OperatorConfig config;
  private final KubernetesClient client;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics gcMetrics = new JvmGcMetrics();
  private final Operator operator;
  private final Health health;
  private final Workers workers;
  private final Events events;
  private final ManagementServer server;
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final CountDownLatch stopped = new CountDownLatch(1);

  private OperatorProcess(
      OperatorConfig config,
      KubernetesClient client,
      Supplier<Passes> passes,
      InstantSource clock) {
    this.config = config;
    this.client = client;
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    gcMetrics.bindTo(registry);
    OperatorMetrics metrics = new OperatorMetrics(registry, clock);
    events = new Events(client, config.identity(), clock);
    Wiring wiring = new Wiring(events, metrics);
    workers = new Workers(passes, wiring, clock);
    TenantDatabaseReconciler reconciler =
        new TenantDatabaseReconciler(
            new Assignments(new References(client, new SecretConsent(config.requireSecretLabel()))),
            workers,
            wiring.source,
            wiring::noticed,
            config.watchReferences(),
            clock);
    wiring.source.tell(
        new WorkerEvents.Listener() {
          @Override
          public void gone(TenantDatabase resource) {
            ResourceKey key = ResourceKey.of(resource);
            workers.remove(key);
            reconciler.forget(key);
            metrics.forget(key);
          }

          @Override
          public void changed(TenantDatabase resource) {
            reconciler
                .neighbours(resource)
                .forEach(other -> wiring.source.propagateEvent(ResourceID.fromResource(other)));
          }
        });
    operator = new Operator(this::configure);
    operator.register(reconciler, this::configure);
    RuntimeInfo info = operator.getRuntimeInfo();
    health = new Health(info::isStarted, () -> unhealthy(info), config.livenessGrace(), clock);
    server = new ManagementServer(config.listen(), health, registry::scrape);
  }

  /**
   * Starts the operator and returns when its informers have synced.
   *
   * @param client stays open when the operator stops
   * @throws io.javaoperatorsdk.operator.OperatorException when the API server refuses something
   */
  public static OperatorProcess start(OperatorConfig config, KubernetesClient client) {
    return start(config, client, InstantSource.system());
  }

  static OperatorProcess start(
      OperatorConfig config, KubernetesClient client, InstantSource clock) {
    OperatorProcess process =
        new OperatorProcess(config, client, () -> new EnginePasses(new Engine()), clock);
    try {
      ApiReadiness.await(client, config.namespaces());
      process.operator.start();
    } catch (RuntimeException e) {
      process.close();
      throw e;
    }
    LOG.info("Started; probes and metrics on port {}", process.port());
    return process;
  }

  /** The port of probes and metrics. */
  public int port() {
    return server.port();
  }

  /** Waits until somebody stops it. */
  public void awaitStop() throws InterruptedException {
    stopped.await();
  }

  /**
   * Stops: not ready any more, no more reconciling, running statements end or are cancelled within
   * the grace, connections are given back, the lease is released. Does nothing the second time.
   */
  @Override
  public void close() {
    if (!stopping.compareAndSet(false, true)) {
      return;
    }
    LOG.info("Stopping");
    health.stopping();
    try {
      operator.stop();
    } catch (RuntimeException e) {
      LOG.warn("The framework did not stop cleanly", e);
    }
    workers.stop(config.shutdownGrace());
    events.close();
    if (config.leaderElection()) {
      LeaseRelease.release(client, config);
    }
    server.close();
    gcMetrics.close();
    registry.close();
    LOG.info("Stopped");
    stopped.countDown();
  }

  private void configure(ConfigurationServiceOverrider service) {
    service
        .withKubernetesClient(client)
        .withCloseClientOnStop(false)
        .withConcurrentReconciliationThreads(RECONCILE_THREADS)
        .withReconciliationTerminationTimeout(RECONCILE_END)
        .withMetrics(MicrometerMetrics.withoutPerResourceMetrics(registry));
    if (config.leaderElection()) {
      service.withLeaderElectionConfiguration(
          LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(config.leaseName())
              .withLeaseNamespace(config.namespace().orElseThrow())
              .withIdentity(config.identity())
              .withExitOnStopLeading(false)
              .withLeaderCallbacks(
                  new LeaderCallbacks(
                      () -> LOG.info("Leading"), this::stoppedLeading, leader -> {}))
              .build());
    }
  }

  private void configure(ControllerConfigurationOverrider<TenantDatabase> controller) {
    controller.withRetry(new UnlimitedRetry(RETRY));
    config.selector().ifPresent(controller::withLabelSelector);
    if (config.namespaces().isEmpty()) {
      controller.watchingAllNamespaces();
    } else {
      controller.settingNamespaces(config.namespaces());
    }
  }

  /** Another process leads now: this one must end, through its own shutdown hook. */
  private void stoppedLeading() {
    if (!stopping.get()) {
      LOG.error("The lease was lost; the process ends");
      new Thread(() -> System.exit(1), "lease-lost").start();
    }
  }

  private static Set<String> unhealthy(RuntimeInfo info) {
    Set<String> names = new TreeSet<>();
    info.unhealthyEventSources().values().forEach(sources -> names.addAll(sources.keySet()));
    return names;
  }

  /** Passes on what the workers say. */
  private static final class Wiring implements WorkerListener {
    private final Events events;
    private final OperatorMetrics metrics;
    private final WorkerEvents source = new WorkerEvents();

    Wiring(Events events, OperatorMetrics metrics) {
      this.events = events;
      this.metrics = metrics;
    }

    @Override
    public void changed(ResourceKey resource, Snapshot snapshot) {
      metrics.changed(resource, snapshot);
      source.propagateEvent(resource.id());
    }

    @Override
    public void noticed(ResourceKey resource, List<Notice> notices) {
      events.publish(resource, notices);
    }

    @Override
    public void putOff(ResourceKey resource, ChangeResult result) {
      metrics.putOff(resource, result);
    }

    @Override
    public void ended(ResourceKey resource, ChangeResult result) {
      metrics.ended(resource, result);
    }

    @Override
    public void passed(ResourceKey resource, Duration took, boolean reached) {
      metrics.passed(resource, took, reached);
    }
  }
}

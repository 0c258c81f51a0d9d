package io.tenantdb.operator;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.OperatorException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code tenantdb operator}: runs until it is told to stop. */
@Command(
    name = "operator",
    header = "Runs the Kubernetes operator.",
    description = {
      "Watches TenantDatabase resources and keeps their databases as declared. Reaches the API"
          + " server as kubectl does: the service account in a pod, or KUBECONFIG.",
      "",
      "Configured by environment variables:",
      "  TENANTDB_WATCH_NAMESPACES  all (default), own, or names separated by commas",
      "  TENANTDB_NAMESPACE         the operator's own namespace",
      "  TENANTDB_LABEL_SELECTOR    only resources with these labels",
      "  TENANTDB_WATCH_REFERENCES  watch Secrets and ConfigMaps (default true)",
      "  TENANTDB_REQUIRE_SECRET_LABEL  use only Secrets that bear the label"
          + " tenantdb.io/credentials: \"true\" (default false)",
      "  TENANTDB_LISTEN            probes and metrics (default 0.0.0.0:8080)",
      "  TENANTDB_LEADER_ELECTION   true with more than one replica (default false)",
      "  TENANTDB_LEASE_NAME        default tenantdb-operator",
      "  TENANTDB_IDENTITY          default HOSTNAME",
      "  TENANTDB_SHUTDOWN_GRACE    for running statements to end (default 25s)",
      "  TENANTDB_LIVENESS_GRACE    for informers to watch again (default 2m)",
      "  TENANTDB_LOG_LEVEL         default INFO",
      "  TENANTDB_LOG_FORMAT        text (default) or json"
    })
public final class OperatorCommand implements Callable<Integer> {
  private static final int ERROR = 1;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    OperatorConfig config;
    try {
      config = OperatorConfig.from(System.getenv());
    } catch (IllegalArgumentException e) {
      spec.commandLine().getErr().println("tenantdb: " + e.getMessage());
      return ERROR;
    }
    try (KubernetesClient client = KubernetesClients.of(new ConfigBuilder().build())) {
      OperatorProcess process = OperatorProcess.start(config, client);
      Runtime.getRuntime().addShutdownHook(new Thread(process::close, "shutdown"));
      process.awaitStop();
      return 0;
    } catch (OperatorException e) {
      spec.commandLine().getErr().println("tenantdb: the operator could not start: " + reason(e));
      return ERROR;
    }
  }

  /** The innermost message: the framework wraps the API server's words several times. */
  private static String reason(Throwable thrown) {
    Throwable cause = thrown;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage();
  }
}

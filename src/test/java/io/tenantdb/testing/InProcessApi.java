package io.tenantdb.testing;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.mockwebserver.MockWebServer;
import io.tenantdb.testing.inprocess.ApiDispatcher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A Kubernetes API in this process: fabric8's mock behind a dispatcher that adds what the operator
 * needs. It asks nobody for rights and keeps nothing; only a real server proves a definition or a
 * role.
 */
public final class InProcessApi implements ApiServer {

  /** The mock logs every request; a logger that nobody holds forgets its level. */
  private static final Logger REQUESTS = Logger.getLogger(MockWebServer.class.getName());

  private final MockWebServer server = new MockWebServer();
  private final Path directory = Directories.scratch("in-process-api");
  private final Config config;
  private final KubernetesClient adminClient;

  private InProcessApi() {
    REQUESTS.setLevel(Level.WARNING);
    // The mock remembers every request for whoever asserts on them.
    server.setDispatcher(new ApiDispatcher(server::reset));
    server.start(InetAddress.getLoopbackAddress(), 0);
    config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(url())
            .withRequestRetryBackoffLimit(0)
            .build();
    adminClient = new KubernetesClientBuilder().withConfig(config).build();
  }

  /** Starts an empty one. */
  public static InProcessApi start() {
    InProcessApi api = new InProcessApi();
    try {
      Files.writeString(
          api.kubeconfig(),
          """
          apiVersion: v1
          kind: Config
          clusters:
          - name: in-process
            cluster: {server: "%s"}
          users:
          - name: anybody
            user: {}
          contexts:
          - name: in-process
            context: {cluster: in-process, user: anybody}
          current-context: in-process
          """
              .formatted(api.url()));
    } catch (IOException e) {
      api.close();
      throw new UncheckedIOException(e);
    }
    Parts.used("Kubernetes API in this process", "fabric8's mock behind a dispatcher");
    return api;
  }

  @Override
  public String description() {
    return "an in-process API (no etcd, no RBAC, no CEL rules about changes)";
  }

  @Override
  public String url() {
    return "http://127.0.0.1:" + server.getPort();
  }

  @Override
  public boolean authorizes() {
    return false;
  }

  @Override
  public KubernetesClient adminClient() {
    return adminClient;
  }

  @Override
  public Config configAs(String user, String... groups) {
    return config;
  }

  @Override
  public Path kubeconfig() {
    return directory.resolve("kubeconfig");
  }

  @Override
  public Path kubeconfigAs(String user, String... groups) {
    return kubeconfig();
  }

  @Override
  public void close() {
    adminClient.close();
    server.shutdown();
    Directories.delete(directory);
  }
}

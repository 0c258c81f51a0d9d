package io.tenantdb.testing;

import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequest;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A real kube-apiserver with RBAC on a real etcd, on 127.0.0.1.
 *
 * <p>There is no controller manager: nothing collects owned objects, nothing makes a namespace's
 * default service account, a deleted namespace stays Terminating, and the aggregated roles (admin,
 * edit, view) allow nothing. Tests take namespaces of their own.
 */
public final class KubernetesApi implements ApiServer {

  private static final Duration START_LIMIT = Duration.ofMinutes(3);
  private static final String ADMIN = "admin";

  private final KubernetesBinaries binaries;
  private final Path directory;
  private final CertificateAuthority authority = new CertificateAuthority("kubernetes test CA");
  private final int port = ChildProcess.freePort();
  private final KubernetesAccess access =
      new KubernetesAccess("https://127.0.0.1:" + port, authority);
  private final int etcdPort = ChildProcess.freePort();
  private final List<KubernetesClient> clients = new ArrayList<>();
  private ChildProcess etcd;
  private ChildProcess apiServer;
  private Config adminConfig;
  private KubernetesClient adminClient;

  private KubernetesApi(KubernetesBinaries binaries) {
    this.binaries = binaries;
    this.directory = Directories.scratch("kubernetes");
  }

  /**
   * Starts an empty API server.
   *
   * @throws PartUnavailableException if the programs cannot be had as the system property {@code
   *     tenantdb.kube} allows
   */
  public static KubernetesApi start() {
    KubernetesApi api =
        new KubernetesApi(KubernetesBinaries.find(KubernetesBinaries.Mode.current()));
    try {
      api.writeFiles();
      api.startEtcd();
      api.startApiServer();
      Parts.used("Kubernetes API", api.version() + " (" + api.binaries.source() + ")");
      return api;
    } catch (IOException e) {
      api.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      api.close();
      throw e;
    }
  }

  @Override
  public String description() {
    return "etcd and kube-apiserver " + version() + " (" + binaries.source() + ")";
  }

  @Override
  public boolean authorizes() {
    return true;
  }

  @Override
  public String url() {
    return access.url();
  }

  /** The certificate of the authority that signed the server's. */
  public String caPem() {
    return authority.pem();
  }

  /** The version that the server says, e.g. {@code v1.36.3}. */
  public String version() {
    return adminClient.getKubernetesVersion().getGitVersion();
  }

  @Override
  public KubernetesClient adminClient() {
    return adminClient;
  }

  /**
   * A client that may do what RBAC lets {@code user} and {@code groups}; closed with the server.
   */
  public KubernetesClient clientAs(String user, String... groups) {
    return client(configAs(user, groups));
  }

  /** A client that shows a service account's or another bearer token; closed with the server. */
  public KubernetesClient clientWithToken(String token) {
    return client(access.withToken(token));
  }

  @Override
  public Config configAs(String user, String... groups) {
    return access.as(user, List.of(groups));
  }

  /** How to connect as a service account, with a token of its own. */
  public Config configOfServiceAccount(String namespace, String name) {
    return access.withToken(serviceAccountToken(namespace, name));
  }

  /** A token of a service account, which is made if there is none (TokenRequest API). */
  public String serviceAccountToken(String namespace, String name) {
    var accounts = adminClient.serviceAccounts().inNamespace(namespace);
    if (accounts.withName(name).get() == null) {
      accounts
          .resource(
              new ServiceAccountBuilder().withNewMetadata().withName(name).endMetadata().build())
          .create();
    }
    TokenRequest answer = accounts.withName(name).tokenRequest();
    return answer.getStatus().getToken();
  }

  /**
   * Binds a ClusterRole to a user, in all namespaces, and waits until the authorizer knows.
   *
   * @throws IllegalArgumentException if the role allows nothing, as the aggregated ones (admin,
   *     edit, view) do here: a controller of the controller manager fills them
   */
  public void grant(String clusterRole, String user) {
    PolicyRule rule =
        Stream.ofNullable(
                adminClient.rbac().clusterRoles().withName(clusterRole).require().getRules())
            .flatMap(List::stream)
            .filter(it -> !it.getResources().isEmpty())
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException("ClusterRole " + clusterRole + " has no rules"));
    adminClient
        .rbac()
        .clusterRoleBindings()
        .resource(
            new ClusterRoleBindingBuilder()
                .withNewMetadata()
                .withName(clusterRole + "-" + user)
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", clusterRole)
                .addNewSubject("rbac.authorization.k8s.io", "User", user, null)
                .build())
        .create();
    // RBAC reads bindings from a watch: a request right after this one could still be refused.
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> allowed(user, rule));
  }

  private boolean allowed(String user, PolicyRule rule) {
    return adminClient
        .authorization()
        .v1()
        .subjectAccessReview()
        .create(
            new SubjectAccessReviewBuilder()
                .withNewSpec()
                .withUser(user)
                .withNewResourceAttributes()
                .withGroup(rule.getApiGroups().get(0))
                .withResource(rule.getResources().get(0))
                .withName(rule.getResourceNames().stream().findFirst().orElse(null))
                .withVerb(rule.getVerbs().get(0))
                .endResourceAttributes()
                .endSpec()
                .build())
        .getStatus()
        .getAllowed();
  }

  @Override
  public Path kubeconfig() {
    return directory.resolve(ADMIN + ".kubeconfig");
  }

  @Override
  public Path kubeconfigAs(String user, String... groups) {
    return writeKubeconfig(user, configAs(user, groups));
  }

  /** Writes a kubeconfig file that connects as {@code config} does. */
  public Path kubeconfigOf(String name, Config config) {
    return writeKubeconfig(name, config);
  }

  /** Runs kubectl as the administrator. */
  public Command.Result kubectl(String... arguments) {
    return kubectl(kubeconfig(), arguments);
  }

  /** Runs kubectl with a kubeconfig of {@link #kubeconfigAs}. */
  public Command.Result kubectl(Path kubeconfig, String... arguments) {
    List<String> command = new ArrayList<>(List.of("kubectl"));
    command.addAll(List.of(arguments));
    // A home of its own: kubectl's discovery cache is keyed by host and port, and ports come again.
    return Command.run(
        Duration.ofMinutes(2),
        Map.of("KUBECONFIG", kubeconfig.toString(), "HOME", directory.toString()),
        command);
  }

  /** Stops the API server, as in an outage; etcd keeps what was written. */
  public void stopApiServer() {
    apiServer.close();
  }

  /** Starts the API server and waits until it is ready. */
  public void startApiServer() {
    apiServer =
        ChildProcess.start(
            "kube-apiserver",
            List.of(
                binaries.apiServer().toString(),
                "--etcd-servers=http://127.0.0.1:" + etcdPort,
                "--secure-port=" + port,
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                "--cert-dir=" + directory,
                "--tls-cert-file=" + file("server.crt"),
                "--tls-private-key-file=" + file("server.key"),
                "--client-ca-file=" + file("ca.crt"),
                "--service-account-key-file=" + file("sa.pub"),
                "--service-account-signing-key-file=" + file("sa.key"),
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=10.0.0.0/24",
                "--authorization-mode=RBAC",
                "--disable-admission-plugins=ServiceAccount"),
            Map.of(),
            "TERM",
            10,
            file("kube-apiserver.log"));
    apiServer.await(START_LIMIT, this::ready);
  }

  /** Whether both processes run. */
  public boolean alive() {
    return etcd.alive() && apiServer.alive();
  }

  /** The last lines of the API server's log. */
  public String logTail() {
    return apiServer.logTail();
  }

  /** Stops both and removes everything. */
  @Override
  public void close() {
    clients.forEach(KubernetesClient::close);
    // Without etcd the API server would not stop.
    if (apiServer != null) {
      apiServer.close();
    }
    if (etcd != null) {
      etcd.close();
    }
    Directories.delete(directory);
  }

  private void writeFiles() throws IOException {
    CertificateAuthority.Issued server = authority.forLocalhost();
    List<String> serviceAccountKeys = CertificateAuthority.keyPairPem();
    Files.writeString(file("ca.crt"), authority.pem());
    Files.writeString(file("server.crt"), server.certificatePem());
    Files.writeString(file("server.key"), server.keyPem());
    Files.writeString(file("sa.pub"), serviceAccountKeys.get(0));
    Files.writeString(file("sa.key"), serviceAccountKeys.get(1));
    adminConfig = configAs(ADMIN, "system:masters");
    adminClient = client(adminConfig);
    writeKubeconfig(ADMIN, adminConfig);
  }

  private void startEtcd() {
    String client = "http://127.0.0.1:" + etcdPort;
    String peer = "http://127.0.0.1:" + ChildProcess.freePort();
    etcd =
        ChildProcess.start(
            "etcd",
            List.of(
                binaries.etcd().toString(),
                "--data-dir=" + file("etcd"),
                "--listen-client-urls=" + client,
                "--advertise-client-urls=" + client,
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=default=" + peer,
                "--unsafe-no-fsync"),
            Map.of(),
            "TERM",
            5,
            file("etcd.log"));
  }

  private boolean ready() {
    if (!etcd.alive()) {
      throw new PartUnavailableException("etcd ended:\n" + etcd.logTail());
    }
    try {
      return "ok".equals(adminClient.raw("/readyz"));
    } catch (KubernetesClientException notYet) {
      return false;
    }
  }

  private KubernetesClient client(Config config) {
    KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build();
    synchronized (clients) {
      clients.add(client);
    }
    return client;
  }

  private Path writeKubeconfig(String user, Config config) {
    try {
      return Files.writeString(
          file(user.replaceAll("[^A-Za-z0-9_-]", "_") + ".kubeconfig"),
          KubernetesAccess.kubeconfig(config));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path file(String name) {
    return directory.resolve(name);
  }
}

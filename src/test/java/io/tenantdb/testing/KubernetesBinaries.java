package io.tenantdb.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * etcd and kube-apiserver on this machine.
 *
 * @param etcd the program
 * @param apiServer the program
 * @param source where they were found, for the report
 */
record KubernetesBinaries(Path etcd, Path apiServer, String source) {

  private static final GoModule SOURCES = GoModule.of("apiserver");

  private static final Duration AT_ONCE = Duration.ofMinutes(1);

  /** Less than half of what a build by go takes: a slow download is no gain. */
  private static final Duration RATHER_THAN_BUILD = Duration.ofMinutes(3);

  /**
   * What may be done to get them, and helm, which go would have to build: system property {@code
   * tenantdb.kube}.
   */
  enum Mode {
    /** Take what is there. */
    CACHED,
    /** Download them at once where there are none. */
    DOWNLOAD,
    /** Build them where there are none. */
    BUILD,
    /** The same, and a machine that cannot have them fails. */
    DEMAND;

    /** Whether go may be set to work, for minutes. */
    boolean mayBuild() {
      return switch (this) {
        case CACHED, DOWNLOAD -> false;
        case BUILD, DEMAND -> true;
      };
    }

    /** The mode that this JVM was told; in CI nothing may be missing. */
    static Mode current() {
      String told = System.getProperty("tenantdb.kube", "");
      return switch (told) {
        case "" -> "true".equals(System.getenv("CI")) ? DEMAND : CACHED;
        case "cached" -> CACHED;
        case "download" -> DOWNLOAD;
        case "build" -> BUILD;
        case "demand" -> DEMAND;
        default ->
            throw new IllegalArgumentException(
                "tenantdb.kube is cached, download, build or demand, not " + told);
      };
    }
  }

  /**
   * The first of: {@code $KUBEBUILDER_ASSETS} (controller-runtime's envtest), our cache, what
   * fabric8's kube-api-test once downloaded or can download now, a build by {@code go} of the
   * versions that {@code src/test/go/apiserver} pins.
   */
  static KubernetesBinaries find(Mode mode) {
    String version = SOURCES.pinned("k8s.io/kubernetes");
    Path cache = Checkout.cache().resolve("kubernetes-" + version);
    return assets()
        .or(() -> in(cache, "cache"))
        .or(() -> kubeApiTest(version))
        .or(() -> download(mode, version))
        .orElseGet(() -> build(mode, version, cache));
  }

  private static Optional<KubernetesBinaries> download(Mode mode, String version) {
    return switch (mode) {
      case CACHED -> Optional.empty();
      case DOWNLOAD -> KubernetesDownload.attempt(version, AT_ONCE);
      case BUILD, DEMAND -> KubernetesDownload.attempt(version, RATHER_THAN_BUILD);
    };
  }

  private static Optional<KubernetesBinaries> assets() {
    return Optional.ofNullable(System.getenv("KUBEBUILDER_ASSETS"))
        .filter(directory -> !directory.isBlank())
        .flatMap(directory -> in(Path.of(directory), "KUBEBUILDER_ASSETS"));
  }

  private static Optional<KubernetesBinaries> kubeApiTest(String version) {
    String architecture = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    Path home =
        Optional.ofNullable(System.getenv("KUBE_API_TEST_DIR"))
            .map(Path::of)
            .orElse(Path.of(System.getProperty("user.home"), ".kubeapitest"));
    return in(
        home.resolve("k8s").resolve(version.substring(1) + "-linux-" + architecture),
        "kube-api-test");
  }

  private static Optional<KubernetesBinaries> in(Path directory, String source) {
    KubernetesBinaries found =
        new KubernetesBinaries(
            directory.resolve("etcd"), directory.resolve("kube-apiserver"), source);
    return Files.isExecutable(found.etcd) && Files.isExecutable(found.apiServer)
        ? Optional.of(found)
        : Optional.empty();
  }

  private static KubernetesBinaries build(Mode mode, String version, Path cache) {
    if (!mode.mayBuild()) {
      throw new PartUnavailableException(
          "no etcd and kube-apiserver %s in KUBEBUILDER_ASSETS or %s; mvn -Pkube verify builds them once (about 10 minutes, needs Go)"
              .formatted(version, cache));
    }
    Directories.once(
        cache,
        unfinished -> {
          SOURCES.build(unfinished.resolve("etcd"), "go.etcd.io/etcd/server/v3");
          SOURCES.build(
              unfinished.resolve("kube-apiserver"),
              "k8s.io/kubernetes/cmd/kube-apiserver",
              versionVariables(version));
        });
    return in(cache, "built now").orElseThrow();
  }

  /** Clients refuse to talk to a server that calls itself v0.0.0. */
  private static String[] versionVariables(String version) {
    String[] numbers = version.substring(1).split("\\.", -1);
    String variable = "k8s.io/component-base/version.";
    return new String[] {
      variable + "gitVersion=" + version,
      variable + "gitMajor=" + numbers[0],
      variable + "gitMinor=" + numbers[1]
    };
  }
}

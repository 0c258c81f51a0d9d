package io.tenantdb.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The program {@code helm}, of major version 3. */
public final class Helm {

  private static final GoModule SOURCES = GoModule.of("helm");
  private static final Pattern VERSION = Pattern.compile("v3\\.([0-9]+)\\.");
  private static final String MODULE = "helm.sh/helm/v3";

  private final Path program;

  /** What it keeps of its own goes here, never to the person's home. */
  private final Path home = Directories.scratch("helm");

  private Helm(Path program) {
    this.program = program;
  }

  /**
   * The first of: {@code $HELM}, our cache, a {@code helm} on the PATH, a build by {@code go} of
   * the version that {@code src/test/go/helm} pins. An older one is not taken.
   *
   * @throws PartUnavailableException if it cannot be had as the system property {@code
   *     tenantdb.kube} allows
   */
  static Helm find() {
    String version = SOURCES.pinned(MODULE);
    Path cache = Checkout.cache().resolve("helm-" + version);
    return told()
        .or(() -> at(cache.resolve("helm"), "cache"))
        .or(Helm::onPath)
        .orElseGet(() -> build(KubernetesBinaries.Mode.current(), version, cache));
  }

  private static Optional<Helm> told() {
    return Optional.ofNullable(System.getenv("HELM"))
        .filter(path -> !path.isBlank())
        .map(
            path ->
                at(Path.of(path), "HELM")
                    .orElseThrow(
                        () ->
                            new PartUnavailableException(
                                "HELM is no helm 3, or older than %s: %s"
                                    .formatted(SOURCES.pinned(MODULE), path))));
  }

  private static Optional<Helm> onPath() {
    return Optional.ofNullable(System.getenv("PATH")).stream()
        .flatMap(path -> List.of(path.split(":", -1)).stream())
        .filter(directory -> !directory.isBlank())
        .flatMap(directory -> at(Path.of(directory, "helm"), "PATH").stream())
        .findFirst();
  }

  private static Optional<Helm> at(Path program, String source) {
    if (!Files.isExecutable(program)) {
      return Optional.empty();
    }
    Helm helm = new Helm(program);
    Command.Result version = helm.run("version", "--template", "{{.Version}}");
    if (version.status() != 0 || minor(version.output()) < minor(SOURCES.pinned(MODULE))) {
      helm.close();
      return Optional.empty();
    }
    Parts.used("helm", version.output().strip() + " (" + source + ")");
    return Optional.of(helm);
  }

  /** The 22 of {@code v3.22.0}; less than any for another major version. */
  private static int minor(String version) {
    Matcher numbers = VERSION.matcher(version);
    return numbers.lookingAt() ? Integer.parseInt(numbers.group(1)) : -1;
  }

  private static Helm build(KubernetesBinaries.Mode mode, String version, Path cache) {
    if (!mode.mayBuild()) {
      throw new PartUnavailableException(
          "no helm %s in %s, and none as new in HELM or on the PATH; mvn -Pkube verify builds it once (about 4 minutes, needs Go)"
              .formatted(version, cache));
    }
    Directories.once(
        cache,
        unfinished ->
            SOURCES.build(
                unfinished.resolve("helm"), MODULE + "/cmd/helm", versionVariables(version)));
    return at(cache.resolve("helm"), "built now")
        .orElseThrow(() -> new PartUnavailableException("the helm that was built does not run"));
  }

  /**
   * As in helm's own Makefile: without them it renders for Kubernetes 1.20. client-go 0.N is of
   * Kubernetes 1.N.
   */
  private static String[] versionVariables(String version) {
    String minor = SOURCES.pinned("k8s.io/client-go").split("\\.", -1)[1];
    return new String[] {
      MODULE + "/internal/version.version=" + version,
      MODULE + "/pkg/chartutil.k8sVersionMajor=1",
      MODULE + "/pkg/chartutil.k8sVersionMinor=" + minor,
      MODULE + "/pkg/lint/rules.k8sVersionMajor=1",
      MODULE + "/pkg/lint/rules.k8sVersionMinor=" + minor
    };
  }

  /** Runs it, without a cluster. */
  public Command.Result run(String... arguments) {
    // A file that is not there: no command may reach a cluster of the person's.
    return run(home.resolve("no-kubeconfig"), arguments);
  }

  /** Runs it on the cluster of a kubeconfig file. */
  public Command.Result run(Path kubeconfig, String... arguments) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    return Command.run(
        Duration.ofMinutes(2),
        Map.of(
            "KUBECONFIG",
            kubeconfig.toString(),
            "HOME",
            home.toString(),
            "HELM_CACHE_HOME",
            home.resolve("cache").toString(),
            "HELM_CONFIG_HOME",
            home.resolve("config").toString(),
            "HELM_DATA_HOME",
            home.resolve("data").toString()),
        command);
  }

  void close() {
    Directories.delete(home);
  }
}

package io.tenantdb.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * etcd and kube-apiserver on this machine.
 *
 * @param etcd the program
 * @param apiServer the program
 * @param source where they were found, for the report
 */
record KubernetesBinaries(Path etcd, Path apiServer, String source) {

  private static final Duration AT_ONCE = Duration.ofMinutes(1);

  /** Less than half of what a build by go takes: a slow download is no gain. */
  private static final Duration RATHER_THAN_BUILD = Duration.ofMinutes(3);

  private static final Pattern PIN = Pattern.compile("(?m)^\\s*k8s\\.io/kubernetes (v\\S+)");

  /** What may be done to get them: system property {@code tenantdb.kube}. */
  enum Mode {
    /** Take what is there. */
    CACHED,
    /** Download them at once where there are none. */
    DOWNLOAD,
    /** Build them where there are none. */
    BUILD,
    /** The same, and a machine that cannot have them fails. */
    DEMAND;

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
    String version = pinnedVersion();
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
    if (mode == Mode.CACHED || mode == Mode.DOWNLOAD) {
      throw new PartUnavailableException(
          "no etcd and kube-apiserver %s in KUBEBUILDER_ASSETS or %s; mvn -Pkube verify builds them once (about 10 minutes, needs Go)"
              .formatted(version, cache));
    }
    Directories.once(
        cache,
        unfinished -> {
          goBuild(unfinished.resolve("etcd"), "go.etcd.io/etcd/server/v3", "-s -w");
          goBuild(
              unfinished.resolve("kube-apiserver"),
              "k8s.io/kubernetes/cmd/kube-apiserver",
              linkerFlags(version));
        });
    return in(cache, "built now").orElseThrow();
  }

  /** Without these the server calls itself v0.0.0, and clients refuse to talk to it. */
  private static String linkerFlags(String version) {
    String[] numbers = version.substring(1).split("\\.", -1);
    String variable = " -X k8s.io/component-base/version.";
    return "-s -w"
        + (variable + "gitVersion=" + version)
        + (variable + "gitMajor=" + numbers[0])
        + (variable + "gitMinor=" + numbers[1]);
  }

  private static void goBuild(Path program, String module, String linkerFlags) {
    String name = program.getFileName().toString();
    Parts.say("building %s from %s, once; go must compile it whole".formatted(name, module));
    List<String> last = new ArrayList<>();
    try {
      Process process =
          new ProcessBuilder(
                  "go",
                  "build",
                  "-v",
                  "-trimpath",
                  "-ldflags",
                  linkerFlags,
                  "-o",
                  program.toString(),
                  module)
              .directory(goModule().toFile())
              .redirectErrorStream(true)
              .redirectInput(Path.of("/dev/null").toFile())
              .start();
      long start = System.nanoTime();
      long saidAt = 0;
      int lines = 0;
      try (BufferedReader output = process.inputReader()) {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
          lines++;
          last.add(line);
          if (last.size() > 20) {
            last.remove(0);
          }
          long seconds = Duration.ofNanos(System.nanoTime() - start).toSeconds();
          if (seconds - saidAt >= 20) {
            saidAt = seconds;
            Parts.say("%s: %d packages, %d s, now %s".formatted(name, lines, seconds, line));
          }
        }
      }
      if (process.waitFor() != 0) {
        throw new PartUnavailableException(
            "go could not build %s:%n%s".formatted(name, String.join("\n", last)));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while building " + name, e);
    } catch (IOException e) {
      throw new PartUnavailableException("cannot run go to build " + name, e);
    }
  }

  private static String pinnedVersion() {
    try {
      Matcher pin = PIN.matcher(Files.readString(goModule().resolve("go.mod")));
      if (!pin.find()) {
        throw new IllegalStateException(goModule() + "/go.mod requires no k8s.io/kubernetes");
      }
      return pin.group(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path goModule() {
    return Checkout.root().resolve("src/test/go/apiserver");
  }
}

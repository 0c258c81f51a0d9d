package io.tenantdb.testing;

import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubeapitest.binary.BinaryManager;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** etcd and kube-apiserver as fabric8's kube-api-test downloads them, where the network lets it. */
final class KubernetesDownload {

  private KubernetesDownload() {}

  /** Downloads the version; empty where that fails or takes longer than {@code limit}. */
  static Optional<KubernetesBinaries> attempt(String version, Duration limit) {
    Parts.say("downloading etcd and kube-apiserver " + version);
    CompletableFuture<BinaryManager> download = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                BinaryManager manager =
                    new BinaryManager(
                        KubeAPIServerConfigBuilder.anAPIServerConfig()
                            .withApiServerVersion(version.substring(1))
                            .withUpdateKubeConfig(false)
                            .build());
                manager.initAndDownloadIfRequired();
                download.complete(manager);
              } catch (RuntimeException e) {
                download.completeExceptionally(e);
              }
            },
            "kubernetes-download");
    thread.setDaemon(true);
    thread.start();
    try {
      var binaries = download.get(limit.toSeconds(), TimeUnit.SECONDS).binaries();
      return Optional.of(
          new KubernetesBinaries(
              binaries.getEtcd().toPath(), binaries.getApiServer().toPath(), "downloaded now"));
    } catch (ExecutionException | TimeoutException e) {
      Parts.say("no download to be had");
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}

package io.tenantdb.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.testing.Checkout;
import io.tenantdb.testing.Command;
import io.tenantdb.testing.KubernetesApi;
import io.tenantdb.testing.Markdown;
import io.tenantdb.testing.Markdown.Block;
import io.tenantdb.testing.RealParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/how-to/install.md has a reader apply is accepted, and gives what it says. */
@RealParts
class InstallPageIT {

  private static final String ACCOUNT = "--as=system:serviceaccount:tenantdb:tenantdb-operator";

  private final KubernetesApi api;
  @TempDir Path directory;

  InstallPageIT(KubernetesApi api) {
    this.api = api;
  }

  @AfterEach
  void takeAway() {
    api.kubectl("delete", "--ignore-not-found", "namespace/tenantdb", "--wait=false");
    api.kubectl(
        "delete",
        "--ignore-not-found",
        "clusterrole/tenantdb-operator",
        "clusterrolebinding/tenantdb-operator");
  }

  @Test
  void its_manifests_are_accepted_and_its_account_may_do_what_the_operator_does_and_no_more()
      throws IOException {
    api.applyCrd(Checkout.root().resolve("crds/tenantdatabases.tenantdb.io.yaml"));
    List<Block> manifests = Markdown.read("docs/how-to/install.md").blocks("yaml");
    assertThat(manifests).hasSize(2);
    for (Block manifest : manifests) {
      Path file = Files.writeString(directory.resolve("manifest.yaml"), manifest.text());
      Command.Result applied =
          api.kubectl(
              "apply",
              "--server-side",
              "--force-conflicts",
              "--validate=strict",
              "-f",
              file.toString());
      assertThat(applied.status()).as("%s: %s", manifest.section(), applied).isZero();
    }

    assertThat(may("watch", "tenantdatabases.tenantdb.io", "-A")).isTrue();
    assertThat(may("patch", "tenantdatabases.tenantdb.io", "--subresource=status")).isTrue();
    assertThat(may("list", "secrets", "-A")).isTrue();
    assertThat(may("create", "events.events.k8s.io", "-A")).isTrue();
    assertThat(may("patch", "leases.coordination.k8s.io", "-ntenantdb")).isTrue();

    assertThat(may("patch", "tenantdatabases.tenantdb.io", "-A")).isTrue();
    assertThat(may("update", "tenantdatabases.tenantdb.io", "-A")).isFalse();
    assertThat(may("get", "tenantdatabases.tenantdb.io", "-A")).isFalse();
    assertThat(may("delete", "tenantdatabases.tenantdb.io", "-A")).isFalse();
    assertThat(may("update", "secrets", "-A")).isFalse();
    assertThat(may("get", "leases.coordination.k8s.io", "-ndefault")).isFalse();
  }

  private boolean may(String verb, String resource, String where) {
    return api.kubectl("auth", "can-i", verb, resource, where, ACCOUNT).status() == 0;
  }
}

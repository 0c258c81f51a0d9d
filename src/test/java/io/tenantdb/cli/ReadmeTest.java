package io.tenantdb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.testing.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
  @TempDir Path directory;

  @Test
  void theExampleInTheReadmeIsAccepted() throws IOException {
    String readme = Files.readString(Checkout.root().resolve("README.md"));
    int start = readme.indexOf("```yaml\n") + "```yaml\n".length();
    CommandRun run = new CommandRun(directory);
    run.refusals = ResourceRules.OF_THE_SERVER;
    run.file(
        readme
                .substring(start, readme.indexOf("```", start))
                .replace("caSecretRef: {name: fruitpak-ca}", "caSecretRef: null")
            + "---\n"
            + CommandRun.SECRET);
    assertThat(run.passes(Fleet.of()).run("plan")).as(run.err).isZero();
    assertThat(run.desired.orElseThrow().indexes()).hasSize(3);
    assertThat(run.desired.orElseThrow().aggregates()).hasSize(1);
  }

  @Test
  void everyOptionOfTheReadmeExists() throws IOException {
    String readme = Files.readString(Checkout.root().resolve("README.md"));
    CommandRun run = new CommandRun(directory);
    run.execute("plan", "--help");
    String help = run.out;
    run.execute("apply", "--help");
    help += run.out;
    for (String option :
        new String[] {
          "--sql",
          "--yes",
          "--user",
          "--password-file",
          "--host",
          "--port",
          "--tls",
          "--ca-file",
          "--no-settle"
        }) {
      assertThat(readme).contains(option);
      assertThat(help).contains(option);
    }
  }
}

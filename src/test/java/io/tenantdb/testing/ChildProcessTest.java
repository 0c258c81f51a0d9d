package io.tenantdb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildProcessTest {

  @TempDir Path directory;

  /** A JVM that starts a server and hangs, to be killed. */
  static final class Victim {
    private Victim() {}

    public static void main(String[] arguments) throws InterruptedException {
      server(Path.of(arguments[0]));
      Thread.sleep(Duration.ofMinutes(5).toMillis());
    }
  }

  @Test
  void a_process_ends_when_it_is_closed() throws IOException {
    ChildProcess process = server(directory);
    ProcessHandle server = serverProcess();
    process.close();
    assertThat(server.isAlive()).isFalse();
    assertThat(process.alive()).isFalse();
  }

  @Test
  void a_process_ends_when_its_jvm_is_killed() throws IOException {
    Process victim =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                Checkout.root().resolve("target/test-classes").toString(),
                Victim.class.getName(),
                directory.toString())
            .inheritIO()
            .start();
    ProcessHandle server = serverProcess();
    victim.destroyForcibly();
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> !server.isAlive());
  }

  @Test
  void a_process_that_ends_by_itself_is_told_with_its_log() {
    ChildProcess process =
        ChildProcess.start(
            "orchard",
            List.of("sh", "-c", "echo no apples; exit 3"),
            Map.of(),
            "TERM",
            2,
            directory.resolve("log"));
    assertThatThrownBy(() -> process.await(Duration.ofSeconds(20), () -> false))
        .isInstanceOf(PartUnavailableException.class)
        .hasMessageContaining("orchard ended with status 3")
        .hasMessageContaining("no apples");
  }

  private static ChildProcess server(Path directory) {
    return ChildProcess.start(
        "server",
        List.of("sh", "-c", "echo $$ > pid.part; mv pid.part pid; exec sleep 300"),
        Map.of(),
        "TERM",
        2,
        directory.resolve("log"));
  }

  private ProcessHandle serverProcess() throws IOException {
    Path pid = directory.resolve("pid");
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(pid));
    return ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).orElseThrow();
  }
}

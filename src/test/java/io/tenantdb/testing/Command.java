package io.tenantdb.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a program to its end. */
public final class Command {

  private Command() {}

  /**
   * What a program said and how it ended.
   *
   * @param status its exit status; 0 is success
   * @param output standard output
   * @param error standard error
   */
  public record Result(int status, String output, String error) {

    /** Returns standard output, or throws with standard error if the program failed. */
    public String orThrow() {
      if (status != 0) {
        throw new IllegalStateException("exit status " + status + ": " + error + output);
      }
      return output;
    }
  }

  /**
   * Runs {@code command} and waits.
   *
   * @throws PartUnavailableException if there is no such program, or it takes longer than {@code
   *     limit} (it is killed then)
   */
  public static Result run(Duration limit, Map<String, String> environment, List<String> command) {
    Path output = null;
    Path error = null;
    try {
      output = Files.createTempFile("tenantdb-out", ".txt");
      error = Files.createTempFile("tenantdb-err", ".txt");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectOutput(output.toFile())
              .redirectError(error.toFile());
      builder.environment().putAll(environment);
      Process process;
      try {
        process = builder.start();
      } catch (IOException e) {
        throw new PartUnavailableException("cannot run " + command.get(0), e);
      }
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new PartUnavailableException(
            command.get(0) + " took longer than " + limit.toSeconds() + " s");
      }
      return new Result(process.exitValue(), read(output), read(error));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while running " + command.get(0), e);
    } finally {
      discard(output);
      discard(error);
    }
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }

  private static void discard(Path file) {
    if (file != null && !file.toFile().delete()) {
      file.toFile().deleteOnExit();
    }
  }
}

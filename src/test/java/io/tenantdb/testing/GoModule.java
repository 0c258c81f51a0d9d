package io.tenantdb.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Go module of ours that pins programs which tests use, and builds them: Go's proxy has what no
 * package manager has.
 *
 * @param directory where its {@code go.mod} is
 */
record GoModule(Path directory) {

  /** The module {@code src/test/go/<name>}. */
  static GoModule of(String name) {
    return new GoModule(Checkout.root().resolve("src/test/go").resolve(name));
  }

  /** The version, {@code v1.2.3}, that it requires of another module. */
  String pinned(String module) {
    try {
      Matcher pin =
          Pattern.compile("(?m)^(?:require)?\\s*" + Pattern.quote(module) + " (v\\S+)")
              .matcher(Files.readString(directory.resolve("go.mod")));
      if (!pin.find()) {
        throw new IllegalStateException(directory + "/go.mod requires no " + module);
      }
      return pin.group(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Compiles a program, and says every now and then how far it is.
   *
   * @param program the file to write
   * @param main the package to build
   * @param variables for the linker to set; what is not told its version calls itself v0.0.0
   * @throws PartUnavailableException if there is no {@code go}, or it fails
   */
  void build(Path program, String main, String... variables) {
    String name = program.getFileName().toString();
    Parts.say("building %s from %s, once; go must compile it whole".formatted(name, main));
    StringBuilder linkerFlags = new StringBuilder("-s -w");
    for (String variable : variables) {
      linkerFlags.append(" -X ").append(variable);
    }
    List<String> last = new ArrayList<>();
    try {
      Process process =
          new ProcessBuilder(
                  "go",
                  "build",
                  "-v",
                  "-trimpath",
                  "-ldflags",
                  linkerFlags.toString(),
                  "-o",
                  program.toString(),
                  main)
              .directory(directory.toFile())
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
}

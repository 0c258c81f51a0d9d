package io.tenantdb.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Throw-away directories, and directories that appear whole or not at all. */
final class Directories {

  private static final Pattern SCRATCH = Pattern.compile("tenantdb-(\\d+)-.*");

  private Directories() {}

  /** Fills a directory that does not exist yet. */
  @FunctionalInterface
  interface Filler {
    void fill(Path directory) throws IOException;
  }

  /**
   * A new directory that {@link #delete} removes; what a killed JVM left behind is removed here.
   */
  static Path scratch(String name) {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    try {
      for (Path left : list(temporary)) {
        Matcher owner = SCRATCH.matcher(left.getFileName().toString());
        if (owner.matches() && ProcessHandle.of(Long.parseLong(owner.group(1))).isEmpty()) {
          delete(left);
        }
      }
      return Files.createTempDirectory(
          temporary, "tenantdb-" + ProcessHandle.current().pid() + "-" + name + "-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns {@code directory}, filled once for all JVMs. It is made beside its place and renamed,
   * so that what a killed JVM left half done is never taken for the whole; a second JVM waits.
   */
  static synchronized Path once(Path directory, Filler filler) {
    if (Files.isDirectory(directory)) {
      return directory;
    }
    try {
      Files.createDirectories(directory.getParent());
      Path lock = directory.resolveSibling(directory.getFileName() + ".lock");
      try (FileChannel channel =
              FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock held = channel.lock()) {
        if (held.isValid() && !Files.isDirectory(directory)) {
          Path unfinished = directory.resolveSibling(directory.getFileName() + ".making");
          delete(unfinished);
          Files.createDirectory(unfinished);
          filler.fill(unfinished);
          Files.move(unfinished, directory, StandardCopyOption.ATOMIC_MOVE);
        }
      }
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Removes a directory and all in it; what another process removes meanwhile is fine. */
  static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException | UncheckedIOException | DirectoryNotEmptyException gone) {
      // A server that is still stopping writes or removes files here; the next run sweeps the rest.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}

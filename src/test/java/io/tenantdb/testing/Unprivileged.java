package io.tenantdb.testing;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How to run a program that refuses root, as PostgreSQL's do.
 *
 * <p>In a user namespace of its own, root is nobody, yet the kernel still lets it at root's files.
 * Where containers forbid such namespaces, the program runs as nobody, and what it reads and writes
 * must be where nobody may go.
 */
final class Unprivileged {

  private static final Unprivileged AS_WE_ARE = new Unprivileged();
  private static final Unprivileged NAMESPACE = new Unprivileged("unshare", "-U");
  private static final Unprivileged NOBODY =
      new Unprivileged("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");

  private final List<String> prefix;

  private Unprivileged(String... prefix) {
    this.prefix = List.of(prefix);
  }

  /** The way that works here. */
  static Unprivileged way() {
    return Holder.WAY;
  }

  List<String> command(List<String> command) {
    List<String> whole = new ArrayList<>(prefix);
    whole.addAll(command);
    return whole;
  }

  /** Makes the program the owner of {@code directory} where it is another user than we are. */
  void give(Path directory) {
    if (this.equals(NOBODY)) {
      Command.run(
              Duration.ofMinutes(1),
              Map.of(),
              List.of("chown", "-R", "65534:65534", directory.toString()))
          .orThrow();
    }
  }

  /** Where programs that are run this way can be read. */
  Path cache() {
    return this.equals(NOBODY) ? Path.of("/var/tmp/tenantdb-cache") : Checkout.cache();
  }

  private static final class Holder {
    private static final Unprivileged WAY = find();

    private static Unprivileged find() {
      Duration limit = Duration.ofSeconds(10);
      if (!Command.run(limit, Map.of(), List.of("id", "-u")).orThrow().strip().equals("0")) {
        return AS_WE_ARE;
      }
      // Lets one machine exercise both ways.
      if (Boolean.getBoolean("tenantdb.nobody")) {
        return NOBODY;
      }
      try {
        return Command.run(limit, Map.of(), NAMESPACE.command(List.of("true"))).status() == 0
            ? NAMESPACE
            : NOBODY;
      } catch (PartUnavailableException noUnshare) {
        return NOBODY;
      }
    }
  }
}

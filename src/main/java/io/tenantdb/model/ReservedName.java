package io.tenantdb.model;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The deterministic names that an index bears while it is not published: a restarted operator
 * computes them again and so recognises its own half-done work from the catalogs alone. Hashes,
 * because PostgreSQL cuts names at 63 bytes.
 *
 * @param id first 16 hex digits of SHA-256 over (table, NUL, declared name)
 * @param hash the spec hash of an index that is being built, the body's hash of one that is on its
 *     way out
 * @param building true for {@code _tdb_b_}, false for {@code _tdb_o_}
 */
public record ReservedName(String id, String hash, boolean building) {

  /** What every name that is ours begins with; specs may not declare such names. */
  public static final String PREFIX = "_tdb_";

  private static final String ASIDE = Hashes.hex16("aside");

  private static final Pattern NAME = Pattern.compile("_tdb_([bo])_([0-9a-f]{16})_([0-9a-f]{16})");

  /** The name under which the declared index is built. */
  public static ReservedName building(String table, String name, String specHash) {
    return new ReservedName(Hashes.hex16(table + '\0' + name), specHash, true);
  }

  /**
   * The name of an index that another one has replaced, until it is dropped.
   *
   * @param body hash of the body that it has
   */
  public static ReservedName retired(String table, String name, String body) {
    return new ReservedName(Hashes.hex16(table + '\0' + name), body, false);
  }

  /**
   * The same of an index that the catalogs show. A valid and an invalid one of the same body have
   * two: the first may still serve when the second is to go.
   */
  public static ReservedName retired(String table, String name, IndexBody body, boolean valid) {
    return retired(
        table,
        name,
        Hashes.hex16((body.unique() ? "UNIQUE " : "") + body.text() + (valid ? "" : "\0invalid")));
  }

  /**
   * The name of an index that nothing has replaced and whose name another relation is to get: it
   * serves on under this one.
   */
  public static ReservedName aside(String table, String name) {
    return retired(table, name, ASIDE);
  }

  /** True for {@link #aside}. */
  public boolean isAside() {
    return !building && hash.equals(ASIDE);
  }

  /**
   * The name that an index bears right before it is dropped: only what was found to be of no use is
   * given it, so that a step which drops the name drops nothing else.
   */
  public static ReservedName discarded(String table, String name) {
    String hash = Hashes.hex16(name + "\0discarded");
    return parse(name)
        .map(reserved -> new ReservedName(reserved.id, hash, reserved.building))
        .orElseGet(() -> new ReservedName(Hashes.hex16(table + '\0' + name), hash, false));
  }

  /** True when it is about the declared index of the table. */
  public boolean isOf(String table, String name) {
    return id.equals(Hashes.hex16(table + '\0' + name));
  }

  /** The parts of a reserved name; empty for any other name. */
  public static Optional<ReservedName> parse(String name) {
    if (!name.startsWith(PREFIX)) {
      return Optional.empty();
    }
    Matcher m = NAME.matcher(name);
    return m.matches()
        ? Optional.of(new ReservedName(m.group(2), m.group(3), m.group(1).equals("b")))
        : Optional.empty();
  }

  /** The name as PostgreSQL has it. */
  public String text() {
    return PREFIX + (building ? "b_" : "o_") + id + '_' + hash;
  }
}

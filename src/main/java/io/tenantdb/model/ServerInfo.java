package io.tenantdb.model;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the server says of itself and of us, read anew each pass.
 *
 * @param version {@code server_version}, for people
 * @param versionNum {@code server_version_num}, for capability checks
 * @param timescale what TimescaleDB there is
 * @param systemIdentifier of {@code pg_control_system()}; empty where the role may not read it
 * @param databaseOid tells a dropped and re-created database from the old one
 * @param primary false on a standby and where transactions are read-only by default
 * @param user the role that we are logged in as
 * @param superuser whether that role is a superuser
 * @param temporaryTables whether that role may create temporary tables (privilege TEMP)
 * @param statistics whether that role sees other sessions' details ({@code pg_read_all_stats})
 */
public record ServerInfo(
    String version,
    int versionNum,
    Timescale timescale,
    Optional<String> systemIdentifier,
    long databaseOid,
    boolean primary,
    String user,
    boolean superuser,
    boolean temporaryTables,
    boolean statistics) {

  /**
   * What TimescaleDB there is.
   *
   * @param edition what it can do
   * @param version {@code extversion}; empty where it is not created in the database
   * @param schema schema of its functions; empty where it is not created in the database
   */
  public record Timescale(Edition edition, Optional<String> version, Optional<String> schema) {

    private static final Pattern NUMBERS =
        Pattern.compile("(\\d{1,6})\\.(\\d{1,6})(?:\\.(\\d{1,6}))?");

    /** True when the version is known and not older; {@code 2.23.0-dev} counts as 2.23. */
    public boolean atLeast(int major, int minor) {
      return atLeast(major, minor, 0);
    }

    /** The same with the patch release. */
    public boolean atLeast(int major, int minor, int patch) {
      Matcher numbers = NUMBERS.matcher(version.orElse(""));
      if (!numbers.lookingAt()) {
        return false;
      }
      int[] least = {major, minor, patch};
      for (int i = 0; i < least.length; i++) {
        String group = numbers.group(i + 1);
        int live = group == null ? 0 : Integer.parseInt(group);
        if (live != least[i]) {
          return live > least[i];
        }
      }
      return true;
    }

    /**
     * False for 2.22.1 to 2.23.0, whose {@code alter_job} refuses every refresh job of an aggregate
     * over an aggregate.
     */
    public boolean altersHierarchies() {
      return !atLeast(2, 22, 1) || atLeast(2, 23, 1);
    }
  }

  /** What TimescaleDB can do here. */
  public enum Edition {
    /** Not installed, or not created in this database. */
    NONE,
    /** {@code timescaledb.license = apache}: hypertables, no policies, no compression. */
    APACHE,
    /** Everything. */
    COMMUNITY,
    /** Created in the database, but its library cannot be loaded: nothing may be done. */
    BROKEN
  }

  /** True where policies and compression can be had. */
  public boolean community() {
    return timescale.edition() == Edition.COMMUNITY;
  }
}

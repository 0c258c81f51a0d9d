package io.tenantdb.database;

import io.tenantdb.model.Reason;

/**
 * PostgreSQL 14.4 and later. Source: release notes of 14.4 (14.0 to 14.3 can leave out rows from
 * indexes built concurrently).
 */
final class SupportedVersions {
  private SupportedVersions() {}

  /**
   * @throws DatabaseException {@link Reason#UnsupportedServer}
   */
  static void check(int major, int minor, String target) {
    if (major < 14 || (major == 14 && minor < 4)) {
      throw new DatabaseException(
          Reason.UnsupportedServer,
          "",
          "PostgreSQL "
              + major
              + "."
              + minor
              + " at "
              + target
              + " is older than 14.4, the oldest that is supported (14.0 to 14.3 can corrupt indexes"
              + " that are built concurrently); upgrade the server.",
          null);
    }
  }
}

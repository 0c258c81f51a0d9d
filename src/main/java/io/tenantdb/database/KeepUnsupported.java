package io.tenantdb.database;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;

/**
 * 0A000 is TimescaleDB's answer to much that is asked under the wrong licence or of the wrong
 * table, and HikariCP takes it for the end of the session; the session is as good as before.
 */
final class KeepUnsupported implements SQLExceptionOverride {
  @java.lang.Override
  public SQLExceptionOverride.Override adjudicate(SQLException e) {
    return "0A000".equals(e.getSQLState())
        ? SQLExceptionOverride.Override.DO_NOT_EVICT
        : SQLExceptionOverride.Override.CONTINUE_EVICT;
  }
}

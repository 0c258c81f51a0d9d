package io.tenantdb.database;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;

/**
 * HikariCP takes some SQLSTATEs for the end of the session. PostgreSQL says 0A000 of an index that
 * it cannot build on a kind of table, and a tenant's function may raise any; after an ERROR the
 * session is as good as before.
 */
final class KeepUnsupported implements SQLExceptionOverride {
  @java.lang.Override
  public SQLExceptionOverride.Override adjudicate(SQLException e) {
    return !SqlStates.endsSession(e)
        ? SQLExceptionOverride.Override.DO_NOT_EVICT
        : SQLExceptionOverride.Override.CONTINUE_EVICT;
  }
}

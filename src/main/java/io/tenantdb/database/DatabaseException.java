package io.tenantdb.database;

import io.tenantdb.model.Reason;
import java.sql.SQLException;

/** The database, or the way to it, refused something. The message holds no secret. */
public final class DatabaseException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Reason reason;
  private final String sqlState;

  public DatabaseException(Reason reason, String sqlState, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.sqlState = sqlState;
  }

  /**
   * A statement of an open session failed. {@link Database#failure} also names the database.
   *
   * @param whatWeDid goes on from "Could not", for instance {@code "read the catalogs"}
   */
  public static DatabaseException of(SQLException e, String whatWeDid) {
    Scrubber scrubber = new Scrubber();
    Reason reason = SqlStates.whileRunning(e);
    String said = scrubber.scrub(SqlStates.primaryMessage(e));
    return new DatabaseException(
        reason,
        SqlStates.state(e),
        "Could not "
            + whatWeDid
            + ": "
            + (reason == Reason.DatabaseError
                ? SqlStates.withState(said, SqlStates.state(e))
                : said)
            + ".",
        scrubber.scrub(e));
  }

  /** Why, as status and events name it. */
  public Reason reason() {
    return reason;
  }

  /** PostgreSQL's five characters; empty text where the server was not reached. */
  public String sqlState() {
    return sqlState;
  }
}

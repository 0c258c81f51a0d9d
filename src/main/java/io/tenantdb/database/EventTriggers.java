package io.tenantdb.database;

import io.tenantdb.model.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Tells whether an event trigger stood behind a refusal. The server says which functions were
 * running when it refused, and nothing else runs a function that an event trigger has. Source:
 * {@code pg_event_trigger}.
 */
public final class EventTriggers {

  // A function of that name elsewhere may be a tenant's, whose words are not repeated.
  private static final Statement ENABLED =
      Statement.of(
          """
          SELECT t.evtname, p.proname
          FROM pg_catalog.pg_event_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.evtfoid
          WHERE t.evtenabled <> 'D' AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_proc o WHERE o.proname = p.proname AND o.oid <> p.oid)
          ORDER BY 1""");

  private record Trigger(String name, String function) {
    /** In whatever language the server speaks: the frame of a function that is not SQL's. */
    boolean runsIn(String context) {
      // PL/pgSQL prints a signature, the others a name in quotes; no function of SQL is a trigger.
      Pattern named =
          Pattern.compile(
              "(?<![\\p{L}\\p{N}_$])"
                  + Pattern.quote(function)
                  + "(?:[\\s\u00a0\u202f]*[\"»”“]|\\()");
      return context
          .lines()
          .anyMatch(frame -> frame.contains("PL/") && named.matcher(frame).find());
    }
  }

  private EventTriggers() {}

  /**
   * What the event trigger said, and its name; empty where none stood behind it, and where it was
   * only disturbed itself, by a cancel or a lock. Asks the server only where a function was
   * running.
   *
   * @param connection with no failed transaction on it
   */
  public static Optional<String> refusal(Connection connection, SQLException e)
      throws SQLException {
    ServerError error = new ServerError(e);
    if (error.fatal() || error.passes() || error.context().isEmpty()) {
      return Optional.empty();
    }
    return Sql.query(connection, ENABLED, row -> new Trigger(row.getString(1), row.getString(2)))
        .stream()
        .filter(trigger -> trigger.runsIn(error.context()))
        .findFirst()
        .map(
            trigger ->
                "event trigger "
                    + trigger.name()
                    + " of the database refuses it: "
                    + SqlStates.withState(SqlStates.messageAndHint(e), error.state())
                    + "; change its function, or ALTER EVENT TRIGGER … DISABLE it");
  }
}

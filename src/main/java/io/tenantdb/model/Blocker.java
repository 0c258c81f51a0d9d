package io.tenantdb.model;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * A session, or a prepared transaction, that a change waits for. Without {@code pg_read_all_stats}
 * the server tells no more of other roles' sessions than pid and user.
 *
 * @param pid the server process; 0 for a prepared transaction
 * @param application {@code application_name}; empty text where it is not told
 * @param user its role; empty text where it is not told
 * @param state {@code pg_stat_activity.state}; empty text where it is not told
 * @param transactionSeconds age of its transaction
 * @param gid identifier of a prepared transaction ({@code COMMIT PREPARED} or {@code ROLLBACK
 *     PREPARED} ends it)
 */
public record Blocker(
    int pid,
    String application,
    String user,
    String state,
    OptionalLong transactionSeconds,
    Optional<String> gid) {

  /** For people: {@code pid 123 (pg_dump of alice), idle in transaction, open for 95 s}. */
  public String text() {
    String who =
        gid.map(id -> "prepared transaction " + id)
            .orElseGet(
                () ->
                    "pid "
                        + pid
                        + (application.isEmpty() && user.isEmpty()
                            ? ""
                            : " ("
                                + application
                                + (application.isEmpty() || user.isEmpty() ? "" : " of ")
                                + user
                                + ")"));
    return who
        + (state.isEmpty() ? "" : ", " + state)
        + (transactionSeconds.isPresent()
            ? ", transaction open for " + transactionSeconds.getAsLong() + " s"
            : "");
  }
}

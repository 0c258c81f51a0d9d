package io.tenantdb.model;

/**
 * How one change ended.
 *
 * @param status what became of it
 * @param reason {@link Reason#Converged} when done
 * @param sqlState where PostgreSQL said why; empty text otherwise
 * @param message one sentence that names tenant and object; empty when done
 */
public record ChangeResult(
    Change change, Status status, Reason reason, String sqlState, String message) {

  /** What became of a change. */
  public enum Status {
    DONE,
    FAILED,
    /** Not carried out now, through no fault of the tenant; it is tried again. */
    POSTPONED
  }

  /** A change that was carried out. */
  public static ChangeResult done(Change change) {
    return new ChangeResult(change, Status.DONE, Reason.Converged, "", "");
  }

  /** A change that failed. */
  public static ChangeResult failed(Change change, Reason reason, String sqlState, String message) {
    return new ChangeResult(change, Status.FAILED, reason, sqlState, message);
  }

  /** A change that was not carried out now. */
  public static ChangeResult postponed(
      Change change, Reason reason, String sqlState, String message) {
    return new ChangeResult(change, Status.POSTPONED, reason, sqlState, message);
  }
}

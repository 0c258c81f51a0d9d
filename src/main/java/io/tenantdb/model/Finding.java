package io.tenantdb.model;

/**
 * What stands between a tenant and the spec and is not a change that will be made: a sentence for
 * the status, with its reason.
 *
 * @param verdict what it means for the tenant
 * @param object what it is about, without the tenant: {@code batches.ix_batches_intake_date}
 * @param reason why
 * @param sqlState where PostgreSQL said so; empty text otherwise
 * @param message one sentence that names tenant and object and says what to do
 */
public record Finding(
    Verdict verdict, String object, Reason reason, String sqlState, String message) {

  /** What a finding means for the tenant. In order: the gravest decides the tenant's state. */
  public enum Verdict {
    FAILED,
    DRIFTED,
    /** A change that {@code safety} refuses. */
    REFUSED,
    /** Cannot be judged or changed now, because another session is at it; tried again. */
    POSTPONED,
    /** Left alone until the application has made what is missing. */
    WAITING,
    SKIPPED,
    /** Worth a word, and no trouble. */
    NOTE
  }
}

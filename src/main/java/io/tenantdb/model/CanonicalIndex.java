package io.tenantdb.model;

import java.util.Set;

/** What PostgreSQL makes of a declared index on one column layout. */
public sealed interface CanonicalIndex {

  /**
   * It can be built.
   *
   * @param printed the body as printed after a build from the spec
   * @param accepted that one and, where PostgreSQL prints it differently when fed back, the second
   *     fixpoint; where a live index has neither of them, also what {@code ALTER COLUMN … TYPE}
   *     from a related type makes of the definition
   */
  record Buildable(IndexBody printed, Set<IndexBody> accepted) implements CanonicalIndex {}

  /**
   * It cannot be built.
   *
   * @param reason {@link Reason#DefinitionRefused}, {@link Reason#NotSupported} or {@link
   *     Reason#SpecInvalid}
   * @param sqlState of PostgreSQL's error; empty text where we refused it ourselves
   * @param message PostgreSQL's own words, or ours
   */
  record Refused(Reason reason, String sqlState, String message) implements CanonicalIndex {}

  /** It could not be found out now; another session holds a lock. */
  record Unknown(Reason reason, String message) implements CanonicalIndex {}
}

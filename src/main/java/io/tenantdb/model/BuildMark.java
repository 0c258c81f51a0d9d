package io.tenantdb.model;

import java.util.Optional;

/**
 * Whose an index is that is not published yet, in its comment. Not a {@link Mark}: that says what
 * once was as declared, and takes this one's place when the index is published.
 *
 * @param owner the resource's {@code ownerId}
 */
public record BuildMark(String owner) {

  private static final String HEAD = "tenantdb:building ";

  /** The mark in a comment; empty where there is none. */
  public static Optional<BuildMark> of(String comment) {
    return comment.startsWith(HEAD)
        ? Mark.ownerIn(comment.substring(HEAD.length())).map(BuildMark::new)
        : Optional.empty();
  }

  /** The whole comment. */
  public String text() {
    return HEAD + Mark.ownerWord(owner);
  }
}

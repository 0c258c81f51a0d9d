package io.tenantdb.database;

import java.util.Objects;

/**
 * A password that does not print itself. Equal to another of the same text, so that a rotation is
 * noticed.
 */
public final class Password {
  private final String text;

  public Password(String text) {
    this.text = Objects.requireNonNull(text);
  }

  /** The password. Only the driver and the scrubber of error texts may ask. */
  String reveal() {
    return text;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Password p && p.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return "***";
  }
}

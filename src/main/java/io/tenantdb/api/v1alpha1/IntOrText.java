package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigInteger;

/**
 * A whole number of 64 bits, or a text ({@code x-kubernetes-int-or-string}). Wider than Kubernetes'
 * own IntOrString of 32 bits, because integer time is often counted in microseconds; and whatever
 * else storage holds is read as text, which no rule accepts, rather than refused by the parser.
 *
 * @param number null where it is a text
 * @param text null where it is a number
 */
public record IntOrText(Long number, String text) {

  /** A whole number. */
  public static IntOrText of(long number) {
    return new IntOrText(number, null);
  }

  /** A text. */
  public static IntOrText of(String text) {
    return new IntOrText(null, text);
  }

  /** From a JSON value. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static IntOrText ofJson(Object value) {
    if (value instanceof Integer || value instanceof Long) {
      return of(((Number) value).longValue());
    }
    if (value instanceof BigInteger big && big.bitLength() < Long.SIZE) {
      return of(big.longValue());
    }
    return of(String.valueOf(value));
  }

  /** The JSON value. */
  @JsonValue
  public Object value() {
    return number != null ? number : text;
  }

  @Override
  public String toString() {
    return String.valueOf(value());
  }
}

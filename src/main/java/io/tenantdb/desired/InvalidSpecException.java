package io.tenantdb.desired;

import java.util.List;

/**
 * The spec breaks a rule. Each problem is a sentence that begins with the field, for example {@code
 * spec.indexes[3].name}.
 */
public final class InvalidSpecException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final List<String> problems;

  public InvalidSpecException(List<String> problems) {
    super(String.join(" ", problems));
    this.problems = List.copyOf(problems);
  }

  /** All of them, in the order of the spec. */
  public List<String> problems() {
    return problems;
  }
}

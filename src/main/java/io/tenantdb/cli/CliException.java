package io.tenantdb.cli;

import java.util.List;

/** Something that the person at the keyboard has to mend: one sentence a problem. */
final class CliException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final List<String> problems;

  CliException(String problem) {
    this(List.of(problem));
  }

  CliException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  List<String> problems() {
    return problems;
  }
}

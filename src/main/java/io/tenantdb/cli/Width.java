package io.tenantdb.cli;

import java.util.Optional;

/**
 * How wide the output is.
 *
 * @param columns of the terminal, where there is one; elsewhere those that a table may take
 * @param cuts whether what is longer is cut; never where a file or a program reads it
 */
record Width(int columns, boolean cuts) {
  private static final int OF_A_TABLE = 160;

  /** Of a command that prints. */
  static Width of(Optional<Integer> terminal, boolean wide) {
    return new Width(terminal.orElse(OF_A_TABLE), terminal.isPresent() && !wide);
  }

  /** How many of so many lines are shown. */
  int shown(int most) {
    return cuts ? most : Integer.MAX_VALUE;
  }
}

package io.tenantdb.cli;

import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What a command needs of the world around it.
 *
 * @param environment value of an environment variable, null where it is not set
 * @param terminal the person, where there is one
 * @param opener opens the engine
 * @param sleeper waits between two looks
 */
record Surroundings(
    UnaryOperator<String> environment,
    Optional<Terminal> terminal,
    EngineSession.Opener opener,
    Sleeper sleeper) {
  private static final int COLUMNS = 80;

  /** A person who reads and answers. */
  @FunctionalInterface
  interface Terminal {
    /** The line typed after the prompt; empty text at the end of input. */
    String ask(String prompt);
  }

  /** Waits. */
  @FunctionalInterface
  interface Sleeper {
    void sleep(Duration time) throws InterruptedException;
  }

  /** Those of this process. */
  static Surroundings ofProcess() {
    return new Surroundings(
        System::getenv,
        Optional.ofNullable(System.console()).map(Surroundings::terminal),
        LiveSession::new,
        time -> Thread.sleep(time.toMillis()));
  }

  private static Terminal terminal(java.io.Console console) {
    return prompt -> Optional.ofNullable(console.readLine("%s", prompt)).orElse("");
  }

  /**
   * Columns of the terminal that is written to; empty where it is none. Java tells of one only
   * where both input and output are: a pipe on either side means that nothing is cut.
   */
  Optional<Integer> columns() {
    return terminal.map(
        person ->
            variable("COLUMNS")
                .filter(text -> text.matches("[1-9]\\d{1,3}"))
                .map(Integer::valueOf)
                .orElse(COLUMNS));
  }

  /** An environment variable that is set to something. */
  Optional<String> variable(String name) {
    return Optional.ofNullable(environment.apply(name)).filter(value -> !value.isEmpty());
  }
}

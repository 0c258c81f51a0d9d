package io.tenantdb.cli;

import io.tenantdb.database.DatabaseException;
import io.tenantdb.fleet.Outcome;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands have in common: the options, and sentences instead of stack traces. */
abstract class EngineCommand implements Callable<Integer> {

  @Mixin private final ResourceOptions options = new ResourceOptions();

  @Option(
      names = "--wide",
      description =
          "Cut nothing. Without it texts are cut to the terminal, where they are the same; where the"
              + " output is no terminal nothing ever is.")
  private boolean wide;

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final ResourceRules rules;

  EngineCommand(Surroundings surroundings, ResourceRules rules) {
    this.surroundings = surroundings;
    this.rules = rules;
  }

  /** The command itself. */
  abstract int run(Request request, EngineSession session) throws InterruptedException;

  @Override
  public final Integer call() throws InterruptedException {
    try {
      Request request = Request.read(options, surroundings, rules);
      try (EngineSession session =
          surroundings.opener().open(request.settings(), request.desired())) {
        return run(request, session);
      }
    } catch (CliException e) {
      e.problems().forEach(this::complain);
    } catch (DatabaseException e) {
      complain(e.reason() + ": " + e.getMessage());
    }
    return ExitCodes.ERROR;
  }

  final Outcome look(Request request, EngineSession session) throws InterruptedException {
    return new Look(surroundings, err()).at(session, request.desired().tenants().settle());
  }

  final Surroundings surroundings() {
    return surroundings;
  }

  final Width width() {
    return Width.of(surroundings.columns(), wide);
  }

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  final void complain(String sentence) {
    err().println("tenantdb: " + Text.printable(sentence));
    err().flush();
  }

  /** True when something is not as declared that no change in the plan will mend. */
  static boolean failed(Outcome outcome) {
    return !outcome.beyondRefused().isEmpty();
  }
}

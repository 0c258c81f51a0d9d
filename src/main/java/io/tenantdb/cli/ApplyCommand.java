package io.tenantdb.cli;

import io.tenantdb.fleet.Outcome;
import java.time.Duration;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "apply",
    header = "Make every tenant as declared, online.",
    description = {
      "",
      "Prints the plan, asks, and carries it out tenant by tenant; then refreshes the materialized"
          + " views whose time has come. Ctrl-C is safe at any time: the running statements are cancelled, and the next run finishes or cleans what was begun.",
      ""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:converged; tenants that wait or are skipped do not count against it",
      "3:something was refused: a destructive change under onDestructive: Deny, a suspended resource",
      "1:an error: usage, file, connection, a tenant that failed, an answer other than yes",
      "130:interrupted by Ctrl-C"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  tenantdb apply -f fruitpak.yaml -f fruitpak-secret.yaml",
      "  TENANTDB_PASSWORD=… tenantdb apply -f fruitpak.yaml --user tenantdb --yes"
    })
final class ApplyCommand extends EngineCommand {
  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  @Option(names = "--sql", description = "Print the SQL behind each template, too.")
  private boolean sql;

  /** On this process's surroundings. */
  ApplyCommand() {
    this(Surroundings.ofProcess(), ResourceRules.OF_THE_SERVER);
  }

  ApplyCommand(Surroundings surroundings, ResourceRules rules) {
    super(surroundings, rules);
  }

  @Override
  int run(Request request, EngineSession session) throws InterruptedException {
    Outcome looked = look(request, session);
    new PlanText(out(), width(), sql).print(request.title(), looked);
    if (looked.initial().changes().isEmpty()) {
      // No difference that anybody is asked about: without an operator this is who refreshes.
      return ended(refreshes(request, looked) ? apply(session) : looked);
    }
    if (request.suspended()) {
      complain("spec.suspend is true: nothing is changed.");
      return ExitCodes.REFUSED;
    }
    if (!confirmed()) {
      complain("Nothing was changed.");
      return ExitCodes.ERROR;
    }
    return ended(apply(session));
  }

  private static boolean refreshes(Request request, Outcome looked) {
    return !looked.initial().upkeep().due().isEmpty() && !request.suspended();
  }

  private boolean confirmed() {
    if (yes) {
      return true;
    }
    Surroundings.Terminal terminal =
        surroundings()
            .terminal()
            .orElseThrow(
                () ->
                    new CliException(
                        "There is no terminal to ask on: give --yes to apply the plan."));
    String answer = terminal.ask("Apply? (yes/no) ").strip().toLowerCase(Locale.ROOT);
    return answer.equals("yes") || answer.equals("y");
  }

  private Outcome apply(EngineSession session) {
    Progress progress = new Progress(out(), surroundings().columns());
    Runnable farewell =
        () -> {
          progress.end();
          complain(
              "Interrupted: "
                  + progress.summary()
                  + ". What was begun is finished, or cleaned, by the next run; run apply again.");
        };
    try (Interruption interruption = new Interruption(session::cancelRunning, farewell).arm()) {
      Outcome outcome = session.pass(interruption.gate(), progress);
      while (outcome.nextUpkeep().filter(Duration::isZero).isPresent()) {
        outcome = session.pass(interruption.gate(), progress);
      }
      return outcome;
    } finally {
      progress.end();
      out().println(progress.summary() + ".");
      out().flush();
    }
  }

  private int ended(Outcome outcome) {
    outcome.failures().forEach(failure -> complain(failure.reason() + ": " + failure.message()));
    if (!outcome.plan().changes().isEmpty()) {
      outcome.held().ifPresent(held -> complain(held.reason() + ": " + held.message()));
    }
    out().println("Tenants: " + StatusText.counts(outcome) + ".");
    out().flush();
    if (failed(outcome) || !outcome.plan().changes().isEmpty()) {
      return ExitCodes.ERROR;
    }
    if (!outcome.plan().refused().isEmpty()) {
      return ExitCodes.REFUSED;
    }
    return outcome.converged() ? ExitCodes.OK : ExitCodes.ERROR;
  }
}

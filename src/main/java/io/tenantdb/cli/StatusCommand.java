package io.tenantdb.cli;

import io.tenantdb.fleet.Outcome;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "status",
    header = "Print where the tenants stand. Changes nothing.",
    description = {
      "",
      "Counts of tenants, what failed, what drifted, and what the server can do.",
      ""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:converged; tenants that wait or are skipped do not count against it",
      "2:not converged",
      "1:an error: usage, file, connection"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  tenantdb status -f fruitpak.yaml -f fruitpak-secret.yaml",
      "  tenantdb status -f fruitpak.yaml -o json | jq .tenants"
    })
final class StatusCommand extends EngineCommand {

  @Mixin private final OutputOptions output = new OutputOptions();

  /** On this process's surroundings. */
  StatusCommand() {
    this(Surroundings.ofProcess(), ResourceRules.OF_THE_SERVER);
  }

  StatusCommand(Surroundings surroundings, ResourceRules rules) {
    super(surroundings, rules);
  }

  @Override
  int run(Request request, EngineSession session) throws InterruptedException {
    Outcome outcome = look(request, session);
    boolean converged = outcome.converged();
    if (output.json()) {
      new Json(out()).status(outcome, converged);
    } else {
      new StatusText(out(), width()).print(request.title(), outcome, converged);
    }
    return converged ? ExitCodes.OK : ExitCodes.DIFFERENT;
  }
}

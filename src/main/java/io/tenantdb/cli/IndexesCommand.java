package io.tenantdb.cli;

import io.tenantdb.model.IndexReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "indexes",
    header = "Print how the tenants' indexes are used, and which are redundant. Changes nothing.",
    description = {
      "",
      "For each index of the declared tables, over all tenants: sizes, scans, and in how many tenants"
          + " it was never scanned. Then indexes that add nothing to another one, and foreign keys"
          + " without an index.",
      ""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:printed, whatever was found", "1:an error: usage, file, connection"},
    footerHeading = "%nExamples:%n",
    footer = {
      "  tenantdb indexes -f fruitpak.yaml -f fruitpak-secret.yaml",
      "  tenantdb indexes -f fruitpak.yaml -o json | jq '.indexes[] | select(.unused) | .name'"
    })
final class IndexesCommand extends EngineCommand {

  @Mixin private final OutputOptions output = new OutputOptions();

  /** On this process's surroundings. */
  IndexesCommand() {
    this(Surroundings.ofProcess(), ResourceRules.OF_THE_SERVER);
  }

  IndexesCommand(Surroundings surroundings, ResourceRules rules) {
    super(surroundings, rules);
  }

  @Override
  int run(Request request, EngineSession session) {
    IndexReport report = session.indexes();
    if (output.json()) {
      new Json(out()).indexes(report);
    } else {
      new IndexesText(out(), width()).print(request.title(), report);
    }
    return ExitCodes.OK;
  }
}

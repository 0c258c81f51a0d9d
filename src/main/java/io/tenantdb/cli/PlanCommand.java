package io.tenantdb.cli;

import io.tenantdb.fleet.Outcome;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "plan",
    header = "Print what apply, or the operator, would do. Changes nothing.",
    description = {
      "",
      "One line for each template: the same change of many tenants is one line.",
      ""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:nothing to do; tenants that wait or are skipped count as nothing",
      "2:there are changes; a refused one counts",
      "1:an error: usage, file, connection; or nothing to do where not all is as declared"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  tenantdb plan -f fruitpak.yaml -f fruitpak-secret.yaml",
      "  tenantdb plan -f fruitpak.yaml --host localhost --port 15432 --tls Require \\",
      "      --user tenantdb --password-file /run/secrets/db --sql",
      "  tenantdb plan -f fruitpak.yaml --tenant tenant_1 >tenant_1.sql",
      "  tenantdb plan -f fruitpak.yaml -o json | jq '.templates[] | [.kind, .object]'"
    })
final class PlanCommand extends EngineCommand {

  @Option(names = "--sql", description = "Print the SQL behind each template, too.")
  private boolean sql;

  @Option(
      names = "--tenant",
      paramLabel = "SCHEMA",
      description = {
        "Print nothing but the SQL of this tenant, with its names, as a file for psql.",
        "With -o json it is the field script."
      })
  private String tenant;

  @Mixin private final OutputOptions output = new OutputOptions();

  /** On this process's surroundings. */
  PlanCommand() {
    this(Surroundings.ofProcess(), ResourceRules.OF_THE_SERVER);
  }

  PlanCommand(Surroundings surroundings, ResourceRules rules) {
    super(surroundings, rules);
  }

  @Override
  int run(Request request, EngineSession session) throws InterruptedException {
    Outcome outcome = look(request, session);
    Optional<TenantScript> script =
        Optional.ofNullable(tenant).map(schema -> new TenantScript(outcome.initial(), schema));
    if (output.json()) {
      new Json(out()).plan(outcome, script.map(TenantScript::text));
    } else if (script.isPresent()) {
      print(script.get());
    } else {
      new PlanText(out(), width(), sql).print(request.title(), outcome);
    }
    if (!outcome.initial().empty()) {
      return ExitCodes.DIFFERENT;
    }
    return failed(outcome) ? ExitCodes.ERROR : ExitCodes.OK;
  }

  private void print(TenantScript script) {
    if (!script.printable()) {
      throw new CliException(
          "A name or a comment in "
              + Text.printable(script.schema())
              + " has control characters; -o json has the script, in its field script.");
    }
    out().print(script.text());
    out().flush();
  }
}

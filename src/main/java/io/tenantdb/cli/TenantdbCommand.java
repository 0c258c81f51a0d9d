package io.tenantdb.cli;

import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The root of the command line. {@code new CommandLine(new TenantdbCommand())} has the commands
 * that need no Kubernetes.
 */
@Command(
    name = "tenantdb",
    header = "Keeps the indexes and TimescaleDB policies of every tenant schema as declared.",
    description = {
      "",
      "plan, apply, status and indexes work on a database directly, with the operator's own engine: what"
          + " plan prints is what the operator will do.",
      ""
    },
    subcommands = {
      PlanCommand.class,
      ApplyCommand.class,
      StatusCommand.class,
      IndexesCommand.class
    },
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = TenantdbCommand.Version.class,
    exitCodeOnInvalidInput = ExitCodes.ERROR,
    exitCodeOnExecutionException = ExitCodes.ERROR,
    sortOptions = false,
    usageHelpAutoWidth = true,
    commandListHeading = "%nCommands:%n",
    footer = {"", "tenantdb COMMAND --help says more, and lists the exit codes."})
public final class TenantdbCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Say which command.");
  }

  /** The version in the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "tenantdb "
            + Optional.ofNullable(TenantdbCommand.class.getPackage().getImplementationVersion())
                .orElse("(not packaged)")
      };
    }
  }
}

package io.tenantdb;

import io.tenantdb.cli.TenantdbCommand;
import io.tenantdb.operator.OperatorCommand;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;

/** The one entry point: {@code operator}, or a command of the command line. */
public final class Main {
  private static final String LOG_LEVEL = "tenantdb.log.level";

  /** The driver's own log, held here so that its level stays: what it reports is thrown as well. */
  private static final Logger DRIVER = Logger.getLogger("org.postgresql");

  private Main() {}

  /** The whole command line; its exit codes are in each command's help. */
  public static CommandLine commandLine() {
    return new CommandLine(new TenantdbCommand()).addSubcommand(new OperatorCommand());
  }

  /** Runs a command and exits with its code. */
  public static void main(String[] args) {
    if (args.length > 0 && args[0].equals("operator")) {
      System.setProperty(LOG_LEVEL, "INFO");
    }
    DRIVER.setLevel(Level.OFF);
    int code = commandLine().execute(args);
    System.exit(code);
  }
}

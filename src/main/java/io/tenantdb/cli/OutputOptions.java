package io.tenantdb.cli;

import picocli.CommandLine.Option;

/** How a command prints. */
final class OutputOptions {

  /** For people or for scripts. */
  enum Format {
    text,
    json
  }

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text (default) or json.")
  private Format format = Format.text;

  boolean json() {
    return format == Format.json;
  }
}

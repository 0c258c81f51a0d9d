package io.tenantdb.cli;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.Reason;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;

/** Runs the command line against an engine whose passes a test has written down. */
final class CommandRun {
  static final String RESOURCE =
      """
      apiVersion: tenantdb.io/v1alpha1
      kind: TenantDatabase
      metadata: {name: fruitpak, namespace: platform}
      spec:
        database:
          host: postgres.platform.svc
          name: fruitpak
          credentialsSecretRef: {name: fruitpak-db}
        tenants: {patterns: ["tenant_*"]}
        indexes:
        - {name: ix_batches_intake_date, table: batches, columns: [intake_date]}
      """;
  static final String SECRET =
      """
      apiVersion: v1
      kind: Secret
      metadata: {name: fruitpak-db, namespace: platform}
      stringData: {username: operator, password: s3cret-in-file}
      """;

  final Map<String, String> environment = new HashMap<>();
  final List<Duration> waits = new ArrayList<>();
  final List<Boolean> passesMayChange = new ArrayList<>();
  final List<String> prompts = new ArrayList<>();
  Optional<String> answer = Optional.empty();
  Optional<ConnectionSettings> settings = Optional.empty();
  Optional<Desired> desired = Optional.empty();
  Optional<IndexReport> report = Optional.empty();
  ResourceRules refusals = resource -> List.of();
  boolean closed;
  String out = "";
  String err = "";

  private final Deque<Outcome> outcomes = new ArrayDeque<>();
  private final Path directory;
  private Path file;

  CommandRun(Path directory) {
    this.directory = directory;
    this.file = write("resource.yaml", RESOURCE + "---\n" + SECRET);
  }

  Path write(String name, String content) {
    try {
      return Files.writeString(directory.resolve(name), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  CommandRun file(String content) {
    file = write("resource.yaml", content);
    return this;
  }

  CommandRun passes(Fleet... fleets) {
    for (Fleet fleet : fleets) {
      outcomes.add(fleet.outcome());
    }
    return this;
  }

  /** Runs a command on the file. */
  int run(String command, String... arguments) {
    List<String> all = new ArrayList<>(List.of(command, "-f", file.toString()));
    all.addAll(List.of(arguments));
    return execute(all.toArray(String[]::new));
  }

  /** Runs the bare words. */
  int execute(String... words) {
    StringWriter stdout = new StringWriter();
    StringWriter stderr = new StringWriter();
    CommandLine line = new CommandLine(new TenantdbCommand(), factory());
    line.setOut(new PrintWriter(stdout)).setErr(new PrintWriter(stderr));
    int code = line.execute(words);
    line.getOut().flush();
    line.getErr().flush();
    out = stdout.toString();
    err = stderr.toString();
    return code;
  }

  private CommandLine.IFactory factory() {
    Surroundings surroundings =
        new Surroundings(
            environment::get,
            answer.map(
                text ->
                    prompt -> {
                      prompts.add(prompt);
                      return text;
                    }),
            this::open,
            waits::add);
    ResourceRules rules = refusals;
    CommandLine.IFactory standard = CommandLine.defaultFactory();
    return new CommandLine.IFactory() {
      @Override
      public <K> K create(Class<K> type) throws Exception {
        if (type == PlanCommand.class) {
          return type.cast(new PlanCommand(surroundings, rules));
        }
        if (type == ApplyCommand.class) {
          return type.cast(new ApplyCommand(surroundings, rules));
        }
        if (type == StatusCommand.class) {
          return type.cast(new StatusCommand(surroundings, rules));
        }
        if (type == IndexesCommand.class) {
          return type.cast(new IndexesCommand(surroundings, rules));
        }
        return standard.create(type);
      }
    };
  }

  private static DatabaseException unreachable() {
    return new DatabaseException(
        Reason.ConnectionFailed,
        "08001",
        "Nothing listens on postgres.platform.svc:5432.",
        new IOException());
  }

  private EngineSession open(ConnectionSettings to, Desired template) {
    settings = Optional.of(to);
    desired = Optional.of(template);
    return new EngineSession() {
      @Override
      public Outcome pass(Gate gate, PassListener listener) {
        if (outcomes.isEmpty()) {
          throw unreachable();
        }
        Outcome outcome = outcomes.remove();
        passesMayChange.add(gate != Gate.OBSERVE);
        listener.planned(outcome.observed(), outcome.initial());
        outcome.results().forEach(result -> listener.started(result.change()));
        outcome.results().forEach(listener::finished);
        return outcome;
      }

      @Override
      public IndexReport indexes() {
        return report.orElseThrow(CommandRun::unreachable);
      }

      @Override
      public void cancelRunning() {}

      @Override
      public void close() {
        closed = true;
      }
    };
  }
}

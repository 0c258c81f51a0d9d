package io.tenantdb.bench;

import io.tenantdb.database.ConnectionSettings;
import io.tenantdb.database.ConnectionSettings.Tls;
import io.tenantdb.database.Database;
import io.tenantdb.database.Password;
import io.tenantdb.fleet.Engine;
import io.tenantdb.fleet.Gate;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.fleet.PassListener;
import io.tenantdb.model.Desired;
import io.tenantdb.testing.PostgresServer;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * First apply against psql running the same statements on one connection, once waiting for the disk
 * at each commit and once not; a pass with nothing to do against the bare bulk query through psql,
 * and against one query a schema.
 */
@Command(
    name = "tenantdb bench",
    mixinStandardHelpOptions = true,
    description = "Measures the engine on a native PostgreSQL and prints ratios.")
public final class Bench implements Callable<Integer> {

  @Option(
      names = "--tenants",
      defaultValue = "1000",
      description =
          "Tenant schemas, of three tables and seven indexes (default: ${DEFAULT-VALUE}).")
  private int tenants;

  @Option(
      names = "--from",
      defaultValue = "1000",
      description =
          "A smaller fleet, which is measured first: growth is told from there (default:"
              + " ${DEFAULT-VALUE}).")
  private int from;

  @Option(
      names = "--rows",
      defaultValue = "20",
      description = "Rows in each table (default: ${DEFAULT-VALUE}).")
  private int rows;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Seed of the rows (default: ${DEFAULT-VALUE}).")
  private int seed;

  @Option(
      names = "--repeat",
      defaultValue = "5",
      description = "Repeats of what is quick; the median counts (default: ${DEFAULT-VALUE}).")
  private int repeat;

  @Option(names = "--engine", description = "Only what the engine does, against psql.")
  private boolean onlyEngine;

  @Option(
      names = "--at-rest",
      description = "Only what the operator costs at rest: start, memory, processor.")
  private boolean onlyAtRest;

  @Option(
      names = "--yield",
      description = "Only how long an ALTER TABLE waits that meets a long build.")
  private boolean onlyYield;

  @Option(
      names = "--idle",
      defaultValue = "60",
      description = "Seconds over which the processor is watched (default: ${DEFAULT-VALUE}).")
  private int idle;

  private static final int COMMITS = 500;
  private static final String UNWAITED = "SET synchronous_commit = off;\n";

  private final PrintStream out;

  private Bench(PrintStream out) {
    this.out = out;
  }

  public static void main(String[] args) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.exit(new CommandLine(new Bench(out)).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if (onlyYield) {
      Report.print(out, new Yielding(out).measure());
      return 0;
    }
    boolean withEngine = onlyEngine || !onlyAtRest;
    List<Measured> smaller = withEngine && from < tenants ? engine(from) : List.of();
    List<Measured> engine = withEngine ? engine(tenants) : List.of();
    List<Growth> growth = Growth.between(from, smaller, tenants, engine);
    List<Figure> atRest =
        onlyEngine && !onlyAtRest
            ? List.of()
            : new AtRest(tenants, seed, repeat, Duration.ofSeconds(idle), out).measure();
    Report.print(out, tenants, engine, growth, atRest);
    return 0;
  }

  private List<Measured> engine(int tenants) throws Exception {
    Fleet fleet = new Fleet(tenants, rows, seed);
    try (PostgresServer server =
        PostgresServer.start(PostgresServer.Options.of(PostgresServer.NEWEST).withDurability())) {
      out.printf(
          "PostgreSQL %s, durable; %,d tenants × 3 tables × %d rows, 7 indexes each; %d processors%n",
          server.version(), tenants, rows, Runtime.getRuntime().availableProcessors());
      server.createDatabase("seed");
      Psql seedSql = new Psql(server, "seed");
      seedSql.run(fleet.schemas());
      server.execute("postgres", "CREATE DATABASE by_psql TEMPLATE seed");
      server.execute("postgres", "CREATE DATABASE by_psql_unwaited TEMPLATE seed");
      server.execute("postgres", "CREATE DATABASE by_engine TEMPLATE seed");
      out.printf(
          Locale.ROOT,
          "A commit that waits for this disk takes %.2f ms (%d one-row inserts)%n",
          millisPerCommit(new Psql(server, "postgres")),
          COMMITS);

      List<Measured> measured = new ArrayList<>();
      server.execute("postgres", "CHECKPOINT");
      double psqlApply = new Psql(server, "by_psql").run(fleet.indexes());
      server.execute("postgres", "CHECKPOINT");
      double unwaited = new Psql(server, "by_psql_unwaited").run(UNWAITED + fleet.indexes());
      server.execute("postgres", "CHECKPOINT");
      try (Database database = Database.of(settings(server))) {
        Desired desired = fleet.desired();
        Engine engine = new Engine();
        double apply = seconds(() -> pass(engine, database, desired, tenants * 7L));
        measured.add(
            new Measured("first apply", apply, "psql, the same statements", psqlApply, 1.5));
        measured.add(
            new Measured(
                "first apply",
                apply,
                "the same, no wait for the disk",
                unwaited,
                OptionalDouble.empty()));

        // What autovacuum does sooner or later, so that neither side is planned without statistics.
        server.execute("by_engine", "VACUUM ANALYZE");
        server.execute("postgres", "CHECKPOINT");
        double nothing = Median.of(repeat, () -> seconds(() -> pass(engine, database, desired, 0)));
        Psql converged = new Psql(server, "by_engine");
        double bulk = Median.of(repeat, () -> converged.run(fleet.bulkQuery()));
        measured.add(new Measured("nothing to do", nothing, "psql, the bulk query", bulk, 1.3));
        double loop = converged.run(fleet.queryPerSchema());
        measured.add(
            new Measured(
                "nothing to do", nothing, "psql, one pg_indexes query a schema", loop, 0.1));
      }
      return measured;
    }
  }

  private static void pass(Engine engine, Database database, Desired desired, long expected) {
    Outcome outcome = engine.pass(database, desired, Gate.OPEN, PassListener.NONE);
    if (!outcome.converged() || outcome.applied() != expected) {
      throw new IllegalStateException(
          "measured nothing: %d changes, held %s, failures %s"
              .formatted(
                  outcome.applied(),
                  outcome.held(),
                  outcome.failures().stream().limit(3).toList()));
    }
  }

  private static ConnectionSettings settings(PostgresServer server) {
    return new ConnectionSettings(
        server.host(),
        server.port(),
        "by_engine",
        server.user(),
        new Password(server.password()),
        new Tls(Tls.Mode.DISABLE, Optional.empty()),
        4,
        "tenantdb bench");
  }

  /**
   * What the first apply's ratio rests on: we do not wait for the disk at each commit, psql does.
   */
  private static double millisPerCommit(Psql psql) throws Exception {
    psql.run("CREATE TABLE commits (n int)");
    double start = psql.run("");
    return (psql.run("INSERT INTO commits VALUES (1);\n".repeat(COMMITS)) - start) * 1e3 / COMMITS;
  }

  private static double seconds(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e9;
  }
}

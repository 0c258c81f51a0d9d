package io.tenantdb.apply;

import static io.tenantdb.apply.Batches.FEW;
import static io.tenantdb.apply.Batches.MANY;
import static io.tenantdb.apply.Batches.TABLE;
import static io.tenantdb.apply.Indexes.NAME;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.apply.Indexes.Old;
import io.tenantdb.model.Change;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexChange.PublishIndex;
import io.tenantdb.model.IndexReplacement.ReplaceIndex;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The server ends the session before and after each statement that changes a definition. What is
 * left is gone on with as a plan would, which knows nothing but the catalogs.
 */
@RealParts
abstract class KillTests {

  private static final String OLD = "USING btree (grower)";
  private static final CreateIndex BUILD =
      Indexes.create(
          TABLE,
          Indexes.on("batches", false, "grower", "intake"),
          Build.CONCURRENTLY,
          "USING btree (grower, intake)");
  private static final Mark OLD_MARK =
      Indexes.on("batches", false, "grower").mark(Indexes.OWNER, Mark.Origin.MADE);
  private static final ReplaceIndex REPLACE = Indexes.replace(BUILD, Old.of(OLD, OLD_MARK.text()));
  private static final String RETIRED = REPLACE.old().retiredName();
  private static final String AS_DECLARED = "ix_batches (grower, intake)";

  private final PostgresServer server;

  KillTests(PostgresServer server) {
    this.server = server;
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void a_creation_is_finished_wherever_it_was_killed(int rows) {
    Batches batches = mortal("kill_create_" + rows);
    int steps =
        killedAtEachStep(batches, () -> batches.fill(rows), () -> next(batches, BUILD), BUILD);
    assertThat(steps).isGreaterThanOrEqualTo(6);
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void a_replacement_is_finished_wherever_it_was_killed(int rows) {
    Batches batches = mortal("kill_replace_" + rows);
    int steps =
        killedAtEachStep(
            batches,
            () -> {
              batches.fill(rows);
              batches.execute(
                  "SET ROLE fruit_owner",
                  "CREATE INDEX ix_batches ON tenant_a.batches (grower)",
                  "COMMENT ON INDEX tenant_a.ix_batches IS '" + OLD_MARK.text() + "'",
                  "ALTER TABLE tenant_a.batches CLUSTER ON ix_batches");
            },
            () -> next(batches, REPLACE),
            REPLACE);
    assertThat(steps).isGreaterThanOrEqualTo(12);
  }

  @Test
  void a_drop_is_finished_wherever_it_was_killed() {
    Batches batches = mortal("kill_drop");
    Change drop = new DropIndex(TABLE, NAME, OLD, true, OLD_MARK);
    int steps =
        killedAtEachStep(
            batches,
            () -> {
              batches.fill(FEW);
              batches.execute(
                  "SET ROLE fruit_owner",
                  "CREATE INDEX ix_batches ON tenant_a.batches (grower)",
                  "COMMENT ON INDEX tenant_a.ix_batches IS '" + OLD_MARK.text() + "'");
            },
            () -> batches.indexes().isEmpty() ? Optional.empty() : Optional.of(drop),
            drop);
    assertThat(steps).isEqualTo(2);
  }

  /** Returns how many steps there were. */
  private static int killedAtEachStep(
      Batches batches, Runnable scene, Supplier<Optional<Change>> next, Change change) {
    int step = 0;
    for (boolean killed = true; killed; ) {
      step++;
      batches.execute("UPDATE public.kill SET at = 0");
      scene.run();
      List<String> indexesBefore = batches.indexes();
      // The first number is written to the log, after which nothing can be dropped concurrently.
      batches.execute(
          "ALTER SEQUENCE public.steps RESTART",
          "SELECT nextval('public.steps')",
          "UPDATE public.kill SET at = " + (step + 1));

      ChangeResult result = batches.run(change);

      killed = result.status() != Status.DONE;
      if (killed) {
        assertThat(result.reason()).as("step %s", step).isEqualTo(Reason.ServerUnavailable);
        if (!indexesBefore.isEmpty() && change instanceof ReplaceIndex) {
          assertThat(batches.indexes())
              .as("step %s", step)
              .containsAnyOf("ix_batches (grower)", AS_DECLARED);
        }
      }
      batches.execute("UPDATE public.kill SET at = 0");
      finish(batches, next);
    }
    return step - 1;
  }

  private static void finish(Batches batches, Supplier<Optional<Change>> next) {
    int left = 4;
    for (Optional<Change> change = next.get(); change.isPresent(); change = next.get()) {
      assertThat(left--).as("%s", batches.indexes()).isPositive();
      ChangeResult result = batches.run(change.get());
      assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
    }
  }

  /** What a plan would say. Fails on a state that no plan knows. */
  private static Optional<Change> next(Batches batches, Change whole) {
    List<String> live = batches.indexes();
    boolean declared = live.contains(AS_DECLARED);
    boolean old = live.contains("ix_batches (grower)");
    boolean retired = live.stream().anyMatch(i -> i.startsWith(RETIRED));
    assertThat(live)
        .allMatch(
            i ->
                i.equals(AS_DECLARED)
                    || i.equals("ix_batches (grower)")
                    || i.startsWith(RETIRED + " (grower)")
                    || i.startsWith(BUILD.reservedName() + " (grower, intake)"));
    if (live.contains(BUILD.reservedName() + " (grower, intake) invalid")) {
      return Optional.of(new DropLeftover(TABLE, BUILD.reservedName(), false));
    }
    if (declared) {
      assertThat(Mark.parse(batches.comment(NAME))).contains(BUILD.mark());
      return retired ? Optional.of(new DropLeftover(TABLE, RETIRED, false)) : Optional.empty();
    }
    assertThat(retired).as("retired before the new one was published").isFalse();
    if (!old && live.contains(BUILD.reservedName() + " (grower, intake)")) {
      return Optional.of(
          new PublishIndex(
              TABLE, BUILD.reservedName(), NAME, BUILD.mark(), BUILD.canonical().printed()));
    }
    return Optional.of(whole);
  }

  /** A trigger ends the operator's session at the step that the table says. */
  private Batches mortal(String database) {
    Batches batches = new Batches(server, database, 0);
    batches.execute(
        "CREATE SEQUENCE public.steps",
        "CREATE TABLE public.kill AS SELECT 0 AS at",
        """
        CREATE FUNCTION public.step() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $f$
        BEGIN
          IF current_setting('application_name') = 'tenantdb test'
             AND nextval('public.steps') = (SELECT at FROM public.kill) THEN
            PERFORM pg_terminate_backend(pg_backend_pid());
          END IF;
        END $f$""",
        "CREATE EVENT TRIGGER before ON ddl_command_start EXECUTE FUNCTION public.step()",
        "CREATE EVENT TRIGGER after ON ddl_command_end EXECUTE FUNCTION public.step()");
    return batches;
  }
}

package io.tenantdb.apply;

import static io.tenantdb.apply.Batches.FEW;
import static io.tenantdb.apply.Batches.MANY;
import static io.tenantdb.apply.Batches.TABLE;
import static io.tenantdb.apply.Indexes.NAME;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexSetting.SetAsideIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.Target;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An index that gives its name to one of another table. */
@RealParts
class SettingAsideIT {

  private static final Target GROWERS = new Target("tenant_a", "growers", "fruit_owner");
  private static final Mark MARK =
      Indexes.on("growers", false, "id").mark(Indexes.OWNER, Mark.Origin.MADE);
  private static final String ASIDE = ReservedName.aside("growers", NAME).text();
  private static final SetAsideIndex SET_ASIDE =
      new SetAsideIndex(GROWERS, NAME, ASIDE, MARK, true);
  private static final CreateIndex CREATE =
      Indexes.create(
              TABLE, Indexes.on("batches", false, "id"), Build.CONCURRENTLY, "USING btree (id)")
          .displacing(SET_ASIDE);

  private final PostgresServer server;

  SettingAsideIT(PostgresServer server) {
    this.server = server;
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void the_name_goes_over_when_the_new_one_is_published(int rows) {
    Batches batches = marked("aside_" + rows, rows, MARK.text());

    assertThat(batches.run(CREATE).status()).isEqualTo(Status.DONE);
    assertThat(named(batches)).containsExactly(ASIDE + " of growers", NAME + " of batches");
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void what_is_not_ours_any_more_keeps_its_name(int rows) {
    Batches batches = marked("keeps_" + rows, rows, "a person's");
    ChangeResult result = batches.run(CREATE);

    assertThat(result.status()).isEqualTo(Status.POSTPONED);
    assertThat(result.reason()).isEqualTo(Reason.Progressing);
    assertThat(result.message()).contains("the index ix_batches on growers, which has the name");
    assertThat(named(batches)).contains(NAME + " of growers").doesNotContain(ASIDE + " of growers");
    assertThat(batches.comment(NAME)).isEqualTo("a person's");
  }

  @Test
  void what_something_has_come_to_rest_on_keeps_its_name() {
    Batches batches = marked("rests", FEW, MARK.text());
    batches.execute(
        "DROP INDEX tenant_a.ix_batches",
        "CREATE UNIQUE INDEX ix_batches ON tenant_a.growers (id)",
        "COMMENT ON INDEX tenant_a.ix_batches IS '" + MARK.text() + "'",
        "CREATE TABLE tenant_a.notes (grower int REFERENCES tenant_a.growers (id))");

    assertThat(batches.run(CREATE).reason()).isEqualTo(Reason.Progressing);
    assertThat(batches.run(SET_ASIDE).reason()).isEqualTo(Reason.Progressing);
    assertThat(named(batches)).containsExactly(NAME + " of growers");
  }

  @Test
  void it_steps_aside_by_itself_too() {
    Batches batches = marked("itself", FEW, MARK.text());

    assertThat(batches.run(SET_ASIDE).status()).isEqualTo(Status.DONE);
    assertThat(named(batches)).containsExactly(ASIDE + " of growers");
  }

  private Batches marked(String database, int rows, String comment) {
    Batches batches = new Batches(server, database, rows);
    batches.execute(
        "SET ROLE fruit_owner",
        "CREATE TABLE tenant_a.growers (id int)",
        "CREATE INDEX ix_batches ON tenant_a.growers (id)",
        "COMMENT ON INDEX tenant_a.ix_batches IS '" + comment.replace("'", "''") + "'");
    return batches;
  }

  private static List<String> named(Batches batches) {
    return batches.query(
        "SELECT c.relname || ' of ' || t.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
            + " JOIN pg_class t ON t.oid = x.indrelid WHERE c.relnamespace = 'tenant_a'::regnamespace"
            + " ORDER BY 1");
  }
}

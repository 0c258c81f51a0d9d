package io.tenantdb.apply;

import static io.tenantdb.apply.Batches.FEW;
import static io.tenantdb.apply.Batches.TABLE;
import static io.tenantdb.apply.Indexes.NAME;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.IndexSetting.SetIndexStatistics;
import io.tenantdb.model.IndexSetting.UnmarkIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Indexes that go, and settings of those that stay. */
@RealParts
class DroppingIT {

  private static final Mark MARK =
      Indexes.on("batches", false, "id").mark(Indexes.OWNER, Mark.Origin.MADE);
  private static final DropIndex DROP = new DropIndex(TABLE, NAME, "btree (id)", true, MARK);

  private static final IndexBody BODY = new IndexBody(true, "USING btree (id)");
  private final PostgresServer server;

  DroppingIT(PostgresServer server) {
    this.server = server;
  }

  @Test
  void what_we_made_is_dropped_even_where_a_drop_was_interrupted() throws Exception {
    Batches batches = marked("drop", MARK.text());
    try (Connection reader =
        batches.open("READ COMMITTED", "LOCK TABLE tenant_a.batches IN ACCESS SHARE MODE")) {
      ChangeResult result = batches.run(DROP, Duration.ofMillis(300), Duration.ofMillis(500));

      assertThat(result.status()).isEqualTo(Status.POSTPONED);
      assertThat(result.reason()).isEqualTo(Reason.LeftoverPending);
      assertThat(batches.indexes()).containsExactly("ix_batches (id) invalid");
      reader.rollback();
    }
    assertThat(batches.run(DROP).status()).isEqualTo(Status.DONE);
    assertThat(batches.indexes()).isEmpty();
    assertThat(batches.run(DROP).status()).as("gone already").isEqualTo(Status.DONE);
  }

  @ParameterizedTest
  @CsvSource({"none,", "adopted,adopted", "other,other", "table,table"})
  void what_is_not_ours_any_more_stays(String name, String what) {
    String comment =
        what == null
            ? "a person's"
            : new Mark(
                    what.equals("other") ? "other" : Indexes.OWNER,
                    NAME,
                    what.equals("table") ? "elsewhere" : "batches",
                    MARK.spec(),
                    what.equals("adopted") ? Mark.Origin.ADOPTED : Mark.Origin.MADE,
                    false)
                .text();
    Batches batches = marked("drop_" + name, comment);

    assertThat(batches.run(DROP).reason()).isEqualTo(Reason.Progressing);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          identity | ALTER TABLE tenant_a.batches REPLICA IDENTITY USING INDEX ix_batches | the table's replica identity
          key | CREATE TABLE tenant_a.notes (batch int REFERENCES tenant_a.batches (id)) | foreign key tenant_a.notes.notes_batch_fkey
          constraint | ALTER TABLE tenant_a.batches ADD CONSTRAINT ix_batches UNIQUE USING INDEX ix_batches | constraint ix_batches
          view | CREATE VIEW tenant_a.size AS SELECT pg_relation_size('tenant_a.ix_batches'::regclass) | view tenant_a.size
          """)
  void what_something_rests_on_stays(String name, String statement, String told) {
    Batches batches = marked("drop_" + name, MARK.text());
    batches.execute(statement);

    for (IndexChange change : List.of(DROP, new DropLeftover(TABLE, NAME, false))) {
      ChangeResult result = batches.run(change);

      assertThat(result.status()).isEqualTo(Status.FAILED);
      assertThat(result.reason()).isEqualTo(Reason.Conflict);
      assertThat(result.message()).contains(told);
    }
    assertThat(batches.indexes()).containsExactly("ix_batches (id)");
  }

  @Test
  void a_mark_is_taken_off_and_a_comment_that_was_written_since_is_not_lost() {
    Batches batches = marked("unmark", MARK.text() + "\nmine");
    UnmarkIndex stale = new UnmarkIndex(TABLE, NAME, MARK.text() + "\nanother");

    assertThat(batches.run(stale).reason()).isEqualTo(Reason.Progressing);
    assertThat(batches.run(new UnmarkIndex(TABLE, NAME, MARK.text() + "\nmine")).status())
        .isEqualTo(Status.DONE);
    assertThat(batches.comment(NAME)).isEqualTo("mine");
  }

  @Test
  void a_mark_that_another_owner_has_written_since_is_not_lost() {
    String other = new Mark("other", NAME, "batches", MARK.spec(), Mark.Origin.MADE, false).text();
    Batches batches = marked("mark", other);

    assertThat(batches.run(new MarkIndex(TABLE, NAME, MARK, "", BODY)).reason())
        .isEqualTo(Reason.Progressing);
    assertThat(batches.comment(NAME)).isEqualTo(other);
    assertThat(batches.run(new MarkIndex(TABLE, NAME, MARK, other, BODY)).status())
        .isEqualTo(Status.DONE);
    assertThat(batches.comment(NAME)).isEqualTo(MARK.text());
  }

  @Test
  void what_reindex_left_stays_where_somebody_has_made_it_valid_since() {
    Batches batches = marked("ccnew", MARK.text());
    batches.execute("CREATE INDEX ix_batches_ccnew ON tenant_a.batches (id)");

    assertThat(batches.run(new DropLeftover(TABLE, "ix_batches_ccnew", false)).reason())
        .isEqualTo(Reason.Progressing);
    assertThat(batches.indexes()).hasSize(2);
  }

  @Test
  void statistics_are_set() {
    Batches batches = new Batches(server, "statistics", FEW);
    batches.execute(
        "SET ROLE fruit_owner", "CREATE INDEX ix_batches ON tenant_a.batches (id, lower(grower))");
    SetIndexStatistics change =
        new SetIndexStatistics(
            TABLE, NAME, new TreeMap<>(), new TreeMap<>(Map.of(2, 3000)), false, Optional.empty());

    assertThat(batches.run(change).status()).isEqualTo(Status.DONE);
    assertThat(
            batches.query(
                "SELECT attstattarget FROM pg_attribute WHERE attrelid = 'tenant_a.ix_batches'::regclass AND attnum = 2"))
        .containsExactly("3000");
  }

  private Batches marked(String database, String comment) {
    Batches batches = new Batches(server, database, FEW);
    batches.execute(
        "SET ROLE fruit_owner",
        "ALTER TABLE tenant_a.batches ALTER id SET NOT NULL",
        "CREATE UNIQUE INDEX ix_batches ON tenant_a.batches (id)",
        "COMMENT ON INDEX tenant_a.ix_batches IS '" + comment.replace("'", "''") + "'");
    return batches;
  }
}

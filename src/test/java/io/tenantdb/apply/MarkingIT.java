package io.tenantdb.apply;

import static io.tenantdb.apply.Batches.FEW;
import static io.tenantdb.apply.Batches.MANY;
import static io.tenantdb.apply.Batches.TABLE;
import static io.tenantdb.apply.Indexes.NAME;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.apply.Indexes.Old;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.model.IndexChange.RenameIndex;
import io.tenantdb.model.IndexSetting.SetIndexStatistics;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A mark is of what was judged, goes into the transaction of what it vouches for, and keeps nothing
 * from being made.
 */
@RealParts
class MarkingIT {

  private static final Mark MARK =
      Indexes.on("batches", false, "id").mark(Indexes.OWNER, Mark.Origin.MADE);
  private static final IndexBody BODY = new IndexBody(false, "USING btree (id)");
  private static final MarkIndex MARKING = new MarkIndex(TABLE, NAME, MARK, "", BODY);

  private final PostgresServer server;

  MarkingIT(PostgresServer server) {
    this.server = server;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ALTER INDEX tenant_a.ix_batches SET (fillfactor = 50)",
        "DROP INDEX tenant_a.ix_batches; CREATE INDEX ix_batches ON tenant_a.batches (intake)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tenant_a.ix_batches'::regclass",
        "COMMENT ON INDEX tenant_a.ix_batches IS 'a person''s'",
        "DROP INDEX tenant_a.ix_batches"
      })
  void what_is_another_by_now_is_not_marked(String meanwhile) {
    Batches batches = made("marking_" + (meanwhile.hashCode() & 0xffff), "");
    batches.execute(meanwhile.split("; ", -1));

    assertThat(batches.run(MARKING).reason()).isEqualTo(Reason.Progressing);
    assertThat(
            batches.query(
                "SELECT description FROM pg_description WHERE description LIKE 'tenantdb%'"))
        .isEmpty();
  }

  @Test
  void what_is_still_the_same_is() {
    Batches batches = made("marking", "");

    assertThat(batches.run(MARKING).status()).isEqualTo(Status.DONE);
    assertThat(batches.comment(NAME)).isEqualTo(MARK.text());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          mark  | COMMENT ON INDEX tenant_a.elsewhere IS '%s'
          none  | COMMENT ON INDEX tenant_a.elsewhere IS NULL
          body  | ALTER INDEX tenant_a.elsewhere SET (fillfactor = 50)
          valid | UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tenant_a.elsewhere'::regclass
          """)
  void what_is_another_by_now_gets_no_name_back(String what, String meanwhile) {
    Batches batches = made("renaming_" + what, MARK.text());
    batches.execute("ALTER INDEX tenant_a.ix_batches RENAME TO elsewhere");
    String others = new Mark("other", NAME, "batches", MARK.spec(), MARK.origin(), false).text();
    RenameIndex rename = new RenameIndex(TABLE, "elsewhere", NAME, MARK, BODY);
    batches.execute(meanwhile.formatted(others));

    assertThat(batches.run(rename).reason()).isEqualTo(Reason.Progressing);
    assertThat(batches.indexes()).singleElement().asString().startsWith("elsewhere ");

    batches.execute(
        "DROP INDEX tenant_a.elsewhere",
        "SET ROLE fruit_owner",
        "CREATE INDEX elsewhere ON tenant_a.batches (id)",
        "COMMENT ON INDEX tenant_a.elsewhere IS '" + MARK.text() + "'");
    assertThat(batches.run(rename).status()).isEqualTo(Status.DONE);
    assertThat(batches.indexes()).containsExactly("ix_batches (id)");
  }

  @Test
  void statistics_and_the_mark_that_vouches_for_them_are_one_transaction() {
    Batches batches = new Batches(server, "marking_statistics", FEW);
    batches.execute(
        "SET ROLE fruit_owner", "CREATE INDEX ix_batches ON tenant_a.batches (id, lower(grower))");
    IndexBody body = new IndexBody(false, "USING btree (id, lower(grower))");
    SetIndexStatistics change = statistics(3000, new MarkIndex(TABLE, NAME, MARK, "", body));

    // Both are written by the transaction that the two rows bear.
    assertThat(batches.run(change).status()).isEqualTo(Status.DONE);
    assertThat(
            batches.query(
                "SELECT count(DISTINCT x) FROM (SELECT xmin::text AS x FROM pg_attribute"
                    + " WHERE attrelid = 'tenant_a.ix_batches'::regclass AND attnum = 2 UNION ALL"
                    + " SELECT xmin::text FROM pg_description WHERE objoid ="
                    + " 'tenant_a.ix_batches'::regclass) AS both_of_them"))
        .containsExactly("1");
    assertThat(batches.comment(NAME)).isEqualTo(MARK.text());

    noComments(batches);
    SetIndexStatistics again =
        statistics(
            2000, new MarkIndex(TABLE, NAME, MARK.withSpec("fedcba9876543210"), MARK.text(), body));
    assertThat(batches.run(again).status()).isEqualTo(Status.DONE);
    assertThat(targets(batches)).containsExactly("2000");
    assertThat(batches.comment(NAME)).as("refused").isEqualTo(MARK.text());
  }

  private static SetIndexStatistics statistics(int target, MarkIndex marking) {
    return new SetIndexStatistics(
        TABLE,
        NAME,
        new TreeMap<>(),
        new TreeMap<>(Map.of(2, target)),
        false,
        Optional.of(marking));
  }

  private static List<String> targets(Batches batches) {
    return batches.query(
        "SELECT attstattarget FROM pg_attribute"
            + " WHERE attrelid = 'tenant_a.ix_batches'::regclass AND attnum = 2");
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void one_is_replaced_although_its_mark_is_refused(int rows) {
    Batches batches = new Batches(server, "marking_replacement_" + rows, rows);
    batches.execute(
        "SET ROLE fruit_owner",
        "CREATE INDEX ix_batches ON tenant_a.batches (grower)",
        "COMMENT ON INDEX tenant_a.ix_batches IS '" + MARK.text() + "'");
    noComments(batches);

    assertThat(
            batches
                .run(
                    Indexes.replace(
                        Indexes.create(
                            TABLE,
                            Indexes.on("batches", false, "id"),
                            Build.CONCURRENTLY,
                            "USING btree (id)"),
                        Old.of("USING btree (grower)", MARK.text())))
                .status())
        .isEqualTo(Status.DONE);
    assertThat(batches.indexes()).containsExactly("ix_batches (id)");
  }

  private Batches made(String database, String comment) {
    Batches batches = new Batches(server, database, FEW);
    batches.execute(
        "SET ROLE fruit_owner",
        "CREATE INDEX ix_batches ON tenant_a.batches (id)",
        "COMMENT ON INDEX tenant_a.ix_batches IS '" + comment + "'");
    return batches;
  }

  private static void noComments(Batches batches) {
    batches.execute(
        "CREATE FUNCTION public.no_comments() RETURNS event_trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN RAISE EXCEPTION 'comments are for people'; END $$",
        "CREATE EVENT TRIGGER no_comments ON ddl_command_start WHEN TAG IN ('COMMENT')"
            + " EXECUTE FUNCTION public.no_comments()");
  }
}

package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.fleet.Outcome.Failure;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an event trigger refuses is a person's matter, wherever it stands in the way. */
@RealParts
class EventTriggerIT {

  private static final Desired PLAIN =
      Fruit.desired(
          """
          indexes:
          - {name: ix_batches_intake_date, table: batches, columns: [intake_date]}
          """);

  private static final Desired VIEW =
      Fruit.desired(
          """
          aggregates:
          - name: daily
            query: SELECT intake_date::date AS day, count(*) AS n FROM batches GROUP BY 1
            fallback: MaterializedView
            uniqueColumns: [day]
            refresh: {every: 1 hour, endOffset: 1 hour}
          """);

  private final PostgresServer server;

  EventTriggerIT(PostgresServer server) {
    this.server = server;
  }

  private Outcome pass(Fruit fruit, Desired desired) {
    try (Database database = fruit.open()) {
      return new Engine().pass(database, desired, Gate.OPEN, PassListener.NONE);
    }
  }

  private static void trigger(Fruit fruit, String tag, String body) {
    fruit.execute(
        "CREATE FUNCTION public.house_rule() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
            + body
            + " END $$",
        "CREATE EVENT TRIGGER no_such_thing ON ddl_command_end WHEN TAG IN ('"
            + tag
            + "') EXECUTE FUNCTION public.house_rule()");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          clone  | CREATE TABLE             | RAISE EXCEPTION 'no table without a key'; | no table without a key (SQLSTATE P0001)
          state  | CREATE TABLE             | RAISE EXCEPTION 'not now' USING ERRCODE = '57P03'; | not now (SQLSTATE 57P03)
          server | CREATE TABLE             | PERFORM 1 / 0;                            | division by zero (SQLSTATE 22012)
          lock   | CREATE TABLE             | PERFORM 1 FROM public.nowhere;            | relation "public.nowhere" does not exist (SQLSTATE 42P01)
          index  | CREATE INDEX             | RAISE EXCEPTION 'ask us first';           | ask us first (SQLSTATE P0001)
          change | COMMENT                  | RAISE EXCEPTION 'no comment';             | no comment (SQLSTATE P0001)
          """)
  void its_words_and_its_name_are_told(String name, String tag, String body, String words) {
    Fruit fruit = new Fruit(server, "trigger_" + name).tenants("tenant_a");
    trigger(fruit, tag, body);

    Outcome outcome = pass(fruit, PLAIN);

    assertThat(outcome.failures()).isNotEmpty();
    Failure failure = outcome.failures().iterator().next();
    assertThat(failure.reason()).isEqualTo(Reason.EventTriggerRefused);
    assertThat(failure.message()).contains("event trigger no_such_thing").contains(words);
  }

  @Test
  void a_view_that_it_refuses_is_told_likewise() {
    Fruit fruit = new Fruit(server, "trigger_view").tenants("tenant_a");
    trigger(fruit, "CREATE VIEW", "RAISE EXCEPTION 'no views here';");

    assertThat(pass(fruit, VIEW).failures())
        .anySatisfy(
            failure -> {
              assertThat(failure.reason()).isEqualTo(Reason.EventTriggerRefused);
              assertThat(failure.message()).contains("no views here");
            });
  }

  @Test
  void the_words_of_a_function_that_may_be_a_tenants_are_not_repeated() {
    Fruit fruit = new Fruit(server, "trigger_namesake").tenants("tenant_a");
    trigger(fruit, "CREATE TABLE", "RAISE EXCEPTION 'secret';");
    fruit.execute("CREATE FUNCTION tenant_a.house_rule() RETURNS int LANGUAGE sql AS 'SELECT 1'");

    assertThat(pass(fruit, PLAIN).failures())
        .anySatisfy(
            failure -> {
              assertThat(failure.reason()).isEqualTo(Reason.EventTriggerRefused);
              assertThat(failure.message()).contains("P0001").doesNotContain("secret");
            });
  }

  @Test
  void what_a_function_of_an_index_raises_is_no_event_triggers() {
    Fruit fruit = new Fruit(server, "trigger_none").tenants("tenant_a");
    trigger(fruit, "DROP TABLE", "RAISE EXCEPTION 'never';");
    fruit.execute(
        "SET ROLE tenant_a_owner",
        "CREATE FUNCTION tenant_a.reads(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS"
            + " $$ BEGIN RETURN (SELECT $1 FROM tenant_a.nowhere); END $$");

    assertThat(
            pass(
                    fruit,
                    Fruit.desired(
                        """
                        indexes:
                        - {name: ix_reads, table: batches, keys: [{expression: reads(status)}]}
                        """))
                .failures())
        .anySatisfy(
            failure -> {
              // Not Gone, which would be tried for ever: the table is there, the function's is not.
              assertThat(failure.reason()).isEqualTo(Reason.DefinitionRefused);
              assertThat(failure.sqlState()).isEqualTo("42P01");
            });
  }
}

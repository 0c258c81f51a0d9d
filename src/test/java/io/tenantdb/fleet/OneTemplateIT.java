package io.tenantdb.fleet;

import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Hashes;
import io.tenantdb.model.TenantSelection;
import io.tenantdb.observe.Fleet;
import io.tenantdb.testing.PostgresServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What tenants need alike is one template, though PostgreSQL prints their names in it. */
class OneTemplateIT {
  private static final String BATCHES = "CREATE TABLE batches (id int, note text)";
  private static final String WORDS =
      "CREATE TEXT SEARCH CONFIGURATION fruit_words (COPY = pg_catalog.english)";
  private static final String GRADE =
      "CREATE FUNCTION grade(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)'";

  @ParameterizedTest
  @ValueSource(ints = {14, 18})
  void aTenantsOwnNamesAndThoseThatItSharesAreOneTemplate(int version) {
    try (PostgresServer server = PostgresServer.start(version);
        Fleet fleet = Fleet.create(server, "templates")) {
      fleet.run("GRANT ALL ON SCHEMA public TO app");
      fleet.run(
          "SET ROLE app",
          "CREATE TABLE public.batches (id int, note text)",
          WORDS,
          GRADE,
          "CREATE FUNCTION shared(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT upper($1)'",
          "CREATE TEXT SEARCH CONFIGURATION shared_words (COPY = pg_catalog.english)");
      fleet.tenant("tenant_a", "app", BATCHES, WORDS, GRADE);
      fleet.tenant("tenant_B's", "app", BATCHES, WORDS, GRADE);
      Desired desired = desired();

      Outcome seen = new Engine().pass(fleet.database(), desired, Gate.OBSERVE, PassListener.NONE);
      assertThat(seen.initial().templates())
          .extracting(template -> template.after() + " in " + template.schemas().size())
          .containsExactly(
              "gin (to_tsvector('<tenant>.fruit_words'::regconfig, note)) in 3",
              "btree (<tenant>.grade(note)) in 3",
              "btree (public.shared(note)) in 3",
              "gin (to_tsvector('public.shared_words'::regconfig, note)) in 3");

      Engine engine = new Engine();
      assertThat(engine.pass(fleet.database(), desired, Gate.OPEN, PassListener.NONE).converged())
          .isTrue();
      assertThat(new Engine().pass(fleet.database(), desired, Gate.OBSERVE, PassListener.NONE))
          .matches(Outcome::converged);

      // One that has a function of its own needs another index than those that share one.
      fleet.run(
          "DROP INDEX public.ix_shared; DROP INDEX tenant_a.ix_shared",
          "SET ROLE app; SET search_path = \"tenant_B's\"",
          "CREATE FUNCTION shared(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'");
      assertThat(
              new Engine()
                  .pass(fleet.database(), desired, Gate.OBSERVE, PassListener.NONE)
                  .initial()
                  .templates())
          .extracting(t -> t.before() + " > " + t.after() + " in " + t.schemas())
          .containsExactly(
              "absent > btree (public.shared(note)) in [public, tenant_a]",
              "btree (public.shared(note)) > btree (<tenant>.shared(note)) in [tenant_B's]");
    }
  }

  private static Desired desired() {
    TenantSelection tenants = select("tenant_*");
    return wants(
        new TenantSelection(
            List.of("public"),
            tenants.patterns(),
            tenants.exclude(),
            List.of("public"),
            Duration.ZERO,
            tenants.onMissingTable()),
        index("ix_words", "gin", "to_tsvector('fruit_words', note)"),
        index("ix_grade", "btree", "grade(note)"),
        index("ix_shared", "btree", "shared(note)"),
        index("ix_shared_words", "gin", "to_tsvector('shared_words', note)"));
  }

  private static DesiredIndex index(String name, String method, String expression) {
    return new DesiredIndex(
        name,
        "batches",
        List.of(
            new DesiredIndex.Key(
                Optional.empty(),
                Optional.of(expression),
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty())),
        method,
        false,
        false,
        List.of(),
        Optional.empty(),
        Map.of(),
        Hashes.hex16(name));
  }
}

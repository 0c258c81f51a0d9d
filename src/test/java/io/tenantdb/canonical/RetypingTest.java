package io.tenantdb.canonical;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.IndexBody;
import io.tenantdb.model.TableLayout;
import io.tenantdb.model.TableLayout.Column;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Trying another past is dear: it is done only where it may explain what a live index has. */
class RetypingTest {
  private static final TableLayout LAYOUT =
      new TableLayout(
          List.of(
              new Column("id", "bigint", "", true),
              new Column("grower_id", "text", "", false),
              new Column("Mixed \"é\"", "character varying(20)", "", false)));

  @Test
  void onlyColumnsThatTheDefinitionHasAreRetyped() {
    assertThat(Retyping.of(LAYOUT, "USING btree (grower_id)")).hasSize(1);
    assertThat(Retyping.of(LAYOUT, "USING btree (id)")).hasSize(2);
    assertThat(Retyping.of(LAYOUT, "USING btree (lower((\"Mixed \"\"é\"\"\")::text))")).hasSize(1);
    assertThat(Retyping.of(LAYOUT, "USING gin (to_tsvector('simple'::regconfig, period))"))
        .isEmpty();
  }

  @Test
  void castsAndTheFormOfConstantsMayComeFromAnotherPast() {
    mayExplain(
        true,
        "USING btree (id) WHERE ((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying(20)])::text[]))",
        "USING btree (id) WHERE (status = ANY (ARRAY['a'::text, 'b'::text]))");
    mayExplain(
        true,
        "USING btree (((a)::numeric * 1.5)) WHERE (a > '-5'::integer)",
        "USING btree ((a * 1.5)) WHERE (a > (-5)::numeric)");
    mayExplain(
        true,
        "USING btree (at) WHERE (at > '2024-01-02'::date)",
        "USING btree (at) WHERE (at > '2024-01-02 00:00:00'::timestamp without time zone)");
  }

  @Test
  void anythingElseWasDeclaredOtherwise() {
    mayExplain(false, "USING btree (a)", "USING btree (b)");
    mayExplain(false, "USING btree (a)", "USING btree (a DESC)");
    mayExplain(false, "USING btree (a) WHERE (b > 1)", "USING btree (a) WHERE (b > 2)");
    mayExplain(false, "USING btree (a) WHERE (c = 'x'::text)", "USING btree (a)");
    assertThat(
            Retyping.mayExplain(
                new IndexBody(true, "USING btree (a)"), new IndexBody(false, "USING btree (a)")))
        .isFalse();
  }

  private static void mayExplain(boolean expected, String live, String printed) {
    assertThat(Retyping.mayExplain(new IndexBody(false, live), new IndexBody(false, printed)))
        .as("%s and %s", live, printed)
        .isEqualTo(expected);
  }
}

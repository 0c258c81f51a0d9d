package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SharedNamesTest {
  private static final SharedNames PUBLIC =
      SharedNames.of(
          List.of("public"),
          List.of(
              "USING gin (note public.gin_trgm_ops)",
              "USING gin (to_tsvector('public.fruits'::regconfig, note))",
              "SELECT public.time_bucket('1 day'::interval, b.at) FROM <tenant>.batches b",
              "USING btree (public.\"Odd name\"(note)) WHERE (note OPERATOR(public.%) 'public.x'::text)"));

  @Test
  void whatOthersUseIsPrintedAsTheyPrintIt() {
    assertThat(PUBLIC.text("public", "USING gin (note <tenant>.gin_trgm_ops)"))
        .isEqualTo("USING gin (note public.gin_trgm_ops)");
    assertThat(PUBLIC.text("public", "to_tsvector('<tenant>.fruits'::regconfig, note)"))
        .isEqualTo("to_tsvector('public.fruits'::regconfig, note)");
    assertThat(PUBLIC.text("public", "<tenant>.\"Odd name\"(note) OPERATOR(<tenant>.%)"))
        .isEqualTo("public.\"Odd name\"(note) OPERATOR(public.%)");
  }

  @Test
  void whatIsTheTenantsOwnStaysSo() {
    assertThat(PUBLIC.text("public", "SELECT <tenant>.time_bucket(b.at) FROM <tenant>.batches b"))
        .isEqualTo("SELECT public.time_bucket(b.at) FROM <tenant>.batches b");
    assertThat(PUBLIC.text("public", "<tenant>.gin_trgm_ops_of_ours, '<tenant>.x'::text"))
        .isEqualTo("<tenant>.gin_trgm_ops_of_ours, '<tenant>.x'::text");
    assertThat(PUBLIC.text("tenant_a", "<tenant>.gin_trgm_ops")).isEqualTo("<tenant>.gin_trgm_ops");
    assertThat(SharedNames.of(List.of("public"), List.of("USING btree (a)")))
        .isEqualTo(SharedNames.NONE);
  }

  @Test
  void aSchemaThatIsPrintedInQuotesIsToo() {
    SharedNames shared =
        SharedNames.of(List.of("Shared it's"), List.of("USING btree (\"Shared it's\".norm(a))"));
    assertThat(shared.text("Shared it's", "btree (<tenant>.norm(a))"))
        .isEqualTo("btree (\"Shared it's\".norm(a))");
  }
}

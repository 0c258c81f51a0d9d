package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ViewTextTest {

  @Test
  void equalViewsOfTwoTenantsHaveEqualTexts() {
    String printed = " SELECT count(*) AS n\n   FROM %1$s.batches b\n  WHERE %1$s.ok(b.id);";

    assertThat(ViewText.of(printed.formatted("tenant_a"), "tenant_a"))
        .isEqualTo(ViewText.of(printed.formatted("\"Tenant B\""), "\"Tenant B\""));
  }

  @Test
  void otherSchemasLiteralsAndNamesStayAsTheyAre() {
    String printed =
        "SELECT 'tenant_a.x'::text AS \"tenant_a.y\", my_tenant_a.z FROM other.tenant_a.t";

    assertThat(ViewText.of(printed, "tenant_a").text()).isEqualTo(printed);
  }

  @Test
  void theSpaceAroundTheTextDoesNotMatter() {
    assertThat(ViewText.of(" SELECT 1;\n", "a")).isEqualTo(ViewText.of("SELECT 1;", "a"));
  }

  @Test
  void theSummaryIsOneLineWithoutTheSemicolon() {
    ViewText text = new ViewText("SELECT 1\n   FROM\tt;");

    assertThat(text.summary()).isEqualTo("SELECT 1 FROM t");
  }
}

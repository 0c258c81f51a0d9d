package io.tenantdb.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.TenantSelection;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TenantSelectorTest {

  private static TenantSelector selector(
      List<String> schemas, List<String> patterns, List<String> exclude) {
    return new TenantSelector(
        new TenantSelection(
            schemas,
            patterns,
            exclude,
            List.of(),
            Duration.ZERO,
            TenantSelection.OnMissingTable.WAIT));
  }

  @Test
  void globsHaveTwoSignsAndAllElseIsLiteral() {
    TenantSelector selector = selector(List.of(), List.of("a_*", "b?", "c.[d]\\E%"), List.of());
    assertThat(List.of("a_", "a_x", "b1", "bé", "c.[d]\\E%")).allMatch(selector::selects);
    assertThat(List.of("ax", "b", "b12", "cxd", "xa_")).noneMatch(selector::selects);
    // One character outside the basic plane is one character.
    assertThat(selector.selects("b😀")).isTrue();
  }

  @Test
  void exclusionBeatsNamesAndPatterns() {
    TenantSelector selector = selector(List.of("a"), List.of("t_*"), List.of("?", "*_template"));
    assertThat(selector.selects("a")).isFalse();
    assertThat(selector.selects("t_template")).isFalse();
    assertThat(selector.selects("t_1")).isTrue();
    assertThat(selector.missing(Set.of())).isEmpty();
  }

  @Test
  void systemSchemasAreNeverTenants() {
    TenantSelector selector =
        selector(List.of("pg_catalog", "timescaledb_information"), List.of("*"), List.of());
    assertThat(
            List.of(
                "pg_catalog",
                "pg_toast",
                "pg_temp_3",
                "information_schema",
                "_timescaledb_internal",
                "timescaledb_information",
                "timescaledb_experimental"))
        .noneMatch(selector::selects);
    assertThat(selector.selects("public")).isTrue();
  }
}

package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Desired;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.model.TenantHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** When a new tenant is touched, by the server's clock. */
class SightingsTest {

  static final Instant T0 = Instant.parse("2026-01-01T00:00:00Z");
  private static final Desired DESIRED = Fruit.selecting(List.of(), Duration.ofMinutes(1));

  private final Sightings sightings = new Sightings();

  @Test
  void a_tenant_settles_once_it_looks_the_same_twice_a_minute_apart() {
    assertThat(settling(0, table(1, "a", false))).isTrue();
    assertThat(settling(30, table(1, "a", false))).isTrue();
    assertThat(settling(60, table(1, "a", false))).isFalse();
  }

  @Test
  void a_change_of_its_columns_begins_the_minute_anew() {
    settling(0, table(1, "a", false));
    assertThat(settling(60, table(1, "b", false))).isTrue();
    assertThat(settling(119, table(1, "b", false))).isTrue();
    assertThat(settling(120, table(1, "b", false))).isFalse();
  }

  @Test
  void a_lock_of_another_session_keeps_it_from_settling_without_being_looked_at_all_the_time() {
    settling(0, table(1, "a", false));
    assertThat(settling(61, table(1, "a", true))).isTrue();
    assertThat(sightings.untilSettled(DESIRED, T0.plusSeconds(61))).contains(Duration.ofMinutes(1));
    assertThat(settling(121, table(1, "a", false))).isFalse();
  }

  @Test
  void an_empty_schema_never_settles_so_that_its_tables_are_new_when_they_come() {
    settling(0);
    settling(600);
    assertThat(sightings.untilSettled(DESIRED, T0.plusSeconds(600))).isEmpty();
    assertThat(settling(601, table(1, "a", false))).isTrue();
  }

  @Test
  void a_schema_that_was_made_anew_settles_anew() {
    settling(0, table(1, "a", false));
    settling(60, table(1, "a", false));

    assertThat(settling(70, table(2, "a", false))).isTrue();
  }

  private boolean settling(long seconds, ObservedTable... tables) {
    return look(seconds, tables).settling().contains("tenant_a");
  }

  private TenantHistory look(long seconds, ObservedTable... tables) {
    return sightings.look(DESIRED, observed(T0.plusSeconds(seconds), tables));
  }

  private static ObservedTable table(long oid, String columns, boolean locked) {
    return new ObservedTable(
        oid,
        "batches",
        ObservedTable.Kind.ORDINARY,
        "owner",
        columns,
        "",
        0,
        locked,
        List.of(),
        false,
        List.of(),
        Optional.empty());
  }

  static Observed observed(Instant now, ObservedTable... tables) {
    Map<String, ObservedTable> byName = new TreeMap<>();
    for (ObservedTable table : tables) {
      byName.put(table.name(), table);
    }
    TreeMap<String, ObservedTenant> tenants = new TreeMap<>();
    tenants.put("tenant_a", new ObservedTenant("tenant_a", byName, Map.of(), "", Set.of()));
    ServerInfo server =
        new ServerInfo(
            "18",
            180000,
            new Timescale(Edition.NONE, Optional.empty(), Optional.empty()),
            Optional.empty(),
            1,
            true,
            "operator",
            false,
            true,
            true);
    return new Observed(server, now, tenants, Set.of(), Map.of(), Map.of());
  }
}

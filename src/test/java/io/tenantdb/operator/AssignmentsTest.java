package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.tenantdb.api.v1alpha1.TenantDatabase;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Reason;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AssignmentsTest {
  private static final String READABLE =
      """
      apiVersion: tenantdb.io/v1alpha1
      kind: TenantDatabase
      metadata: {namespace: platform, name: %s, uid: %s, creationTimestamp: "%s", generation: 3}
      spec:
        database: {host: db, name: fruit, credentialsSecretRef: {name: fruit-db}}
        tenants: {patterns: ["%s"], exclude: ["tenant_vip"]}
        hypertables:
        - {table: batches, timeColumn: intake_date, chunkInterval: 7 days}
        - {table: history, timeColumn: at, chunkInterval: 7 days}
      """;

  @Test
  void a_spec_of_another_shape_is_invalid_as_a_whole_and_does_not_break_the_reader() {
    TenantDatabase resource =
        read(
            READABLE
                .formatted("fruit", "u", "2026-01-01T00:00:00Z", "tenant_*")
                .replace("exclude: [\"tenant_vip\"]", "exclude: {not: a list}"));

    Assignment assignment = new Assignments(null).of(resource, List.of());

    assertThat(assignment)
        .isInstanceOfSatisfying(
            Assignment.Blocked.class,
            blocked -> {
              assertThat(blocked.problem().reason()).isEqualTo(Reason.SpecInvalid);
              assertThat(blocked.generation()).isEqualTo(3);
            });
  }

  @Test
  void an_unknown_enum_value_is_an_invalid_spec() {
    TenantDatabase resource =
        read(
            READABLE.formatted("fruit", "u", "2026-01-01T00:00:00Z", "tenant_*")
                + "  safety: {onDestructive: Perhaps}\n");

    assertThat(new Assignments(null).of(resource, List.of()))
        .isInstanceOfSatisfying(
            Assignment.Blocked.class,
            blocked -> {
              assertThat(blocked.problem().reason()).isEqualTo(Reason.SpecInvalid);
              assertThat(blocked.problem().message()).contains("spec.safety.onDestructive");
            });
  }

  @Test
  void a_database_is_known_by_host_port_and_name_whatever_the_case_of_the_host() {
    TenantDatabase one = read(READABLE.formatted("a", "u", "2026-01-01T00:00:00Z", "t*"));
    TenantDatabase other =
        read(
            READABLE
                .formatted("b", "v", "2026-01-01T00:00:00Z", "t*")
                .replace("host: db", "host: DB"));

    assertThat(Assignments.databaseKey(one))
        .isEqualTo(Assignments.databaseKey(other))
        .contains("db:5432/fruit");
  }

  @Test
  void a_hypertable_that_an_older_resource_declares_in_the_same_tenant_is_left_to_it() {
    Desired desired = desired(READABLE.formatted("b", "v", "2026-02-01T00:00:00Z", "tenant_*"));
    Claims claims =
        new Claims(List.of(new Claims.Claim("platform/a", desired.tenants(), Set.of("batches"))));

    List<Claims.Overlap> overlaps = claims.overlaps(desired, Set.of("tenant_a", "tenant_b"));

    assertThat(overlaps)
        .singleElement()
        .satisfies(
            overlap -> {
              assertThat(overlap.failure(Scenes.NOW).reason()).isEqualTo(Reason.Conflict);
              assertThat(overlap.failure(Scenes.NOW).message())
                  .contains("tenant_a", "batches", "platform/a");
            });
    assertThat(Claims.without(desired, overlaps).hypertables())
        .extracting("table")
        .containsExactly("history");
  }

  @Test
  void resources_that_share_no_tenant_do_not_conflict() {
    Desired desired = desired(READABLE.formatted("b", "v", "2026-02-01T00:00:00Z", "tenant_*"));
    Claims claims =
        new Claims(List.of(new Claims.Claim("platform/a", desired.tenants(), Set.of("batches"))));

    assertThat(claims.overlaps(desired, Set.of("tenant_vip", "other"))).isEmpty();
  }

  private static Desired desired(String yaml) {
    return Resolution.template("platform", "b", read(yaml).getSpec());
  }

  private static TenantDatabase read(String yaml) {
    ObjectMapper mapper = new ObjectMapper();
    KubernetesSerialization serialization = new KubernetesSerialization(mapper, true);
    mapper.registerModule(new UnreadableSpecs());
    return serialization.unmarshal(yaml, TenantDatabase.class);
  }
}

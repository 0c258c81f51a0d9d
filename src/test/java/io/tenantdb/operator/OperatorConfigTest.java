package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OperatorConfigTest {

  @Test
  void an_empty_environment_watches_everything_alone() {
    OperatorConfig config = OperatorConfig.from(Map.of());

    assertThat(config.namespaces()).isEmpty();
    assertThat(config.leaderElection()).isFalse();
    assertThat(config.watchReferences()).isTrue();
    assertThat(config.requireSecretLabel()).isFalse();
    assertThat(config.listen().getPort()).isEqualTo(8080);
    assertThat(config.shutdownGrace()).isEqualTo(Duration.ofSeconds(25));
  }

  @Test
  void namespaces_are_all_own_or_a_list() {
    assertThat(namespaces("all")).isEmpty();
    assertThat(namespaces("own")).containsExactly("platform");
    assertThat(namespaces("a, b")).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void each_variable_that_cannot_be_read_is_named() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                OperatorConfig.from(
                    Map.of(
                        "TENANTDB_WATCH_NAMESPACES", "a,B",
                        "TENANTDB_LISTEN", "8080x",
                        "TENANTDB_LEADER_ELECTION", "yes",
                        "TENANTDB_SHUTDOWN_GRACE", "25")))
        .withMessageContaining("TENANTDB_WATCH_NAMESPACES")
        .withMessageContaining("TENANTDB_LISTEN")
        .withMessageContaining("TENANTDB_LEADER_ELECTION must be true or false")
        .withMessageContaining("TENANTDB_SHUTDOWN_GRACE must be whole seconds or minutes");
  }

  @Test
  void leader_election_needs_to_know_where_the_lease_is_and_who_it_is() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OperatorConfig.from(Map.of("TENANTDB_LEADER_ELECTION", "true")))
        .withMessageContaining("TENANTDB_NAMESPACE")
        .withMessageContaining("TENANTDB_IDENTITY");
  }

  @Test
  void variables_that_kubernetes_sets_for_a_service_named_tenantdb_do_no_harm() {
    OperatorConfig config =
        OperatorConfig.from(
            Map.of(
                "TENANTDB_PORT", "tcp://10.0.0.1:80",
                "TENANTDB_SERVICE_HOST", "10.0.0.1",
                "TENANTDB_OPERATOR_PORT", "tcp://10.0.0.1:80"));

    assertThat(config).isEqualTo(OperatorConfig.from(Map.of()));
  }

  private static Iterable<String> namespaces(String value) {
    return OperatorConfig.from(
            Map.of("TENANTDB_WATCH_NAMESPACES", value, "TENANTDB_NAMESPACE", "platform"))
        .namespaces();
  }
}

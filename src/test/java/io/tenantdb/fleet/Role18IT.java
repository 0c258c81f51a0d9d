package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts.Version;
import org.junit.jupiter.api.Test;

/** On the newest PostgreSQL, whose memberships have options. */
class Role18IT extends RoleTests {
  Role18IT(@Version(18) PostgresServer server) {
    super(server);
  }

  @Test
  void a_membership_that_gives_set_role_and_nothing_else_is_enough() {
    String database = without("set_only", "GRANT fruitpak_app");
    server.execute(database, sql(RolePage.statements(database, RolePage.STILL_LESS)));

    Outcome outcome = pass(database);

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
  }

  @Test
  void a_membership_without_set_is_none_and_the_grant_that_mends_it_is_named() {
    String database = without("no_set", "GRANT fruitpak_app");
    server.execute(database, "GRANT fruitpak_app TO tenantdb WITH INHERIT TRUE, SET FALSE");
    String mending = "GRANT \"fruitpak_app\" TO \"tenantdb\" WITH SET TRUE";

    Outcome outcome = pass(database);

    assertThat(outcome.count(TenantState.FAILED)).isEqualTo(3);
    assertThat(outcome.failures())
        .allSatisfy(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.InsufficientPrivilege);
              assertThat(f.message()).contains(mending);
            });

    server.execute(database, mending);
    assertThat(pass(database).converged()).isTrue();
  }
}

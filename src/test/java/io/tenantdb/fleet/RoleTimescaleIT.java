package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.database.Database;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantState;
import io.tenantdb.testing.Markdown;
import io.tenantdb.testing.RealParts;
import io.tenantdb.testing.RealParts.NativeTimescale;
import io.tenantdb.testing.TimescaleServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What docs/how-to/database-role.md grants, where TimescaleDB is. */
@RealParts
class RoleTimescaleIT {

  private final TimescaleServer server;

  RoleTimescaleIT(TimescaleServer server) {
    this.server = server;
  }

  @BeforeEach
  void tenants() {
    server.reset();
    run(RolePage.tenants(server.database(), "public", "tenant_a", "tenant_acme"));
  }

  @AfterEach
  void cleanUp() {
    server.reset();
    run(RolePage.noRoles(server.database()));
    assertThat(server.alive()).isTrue();
  }

  @Test
  void what_the_page_grants_is_enough() {
    run(grants());

    Outcome outcome = pass();

    assertThat(outcome.failures()).isEmpty();
    assertThat(outcome.converged()).isTrue();
    assertThat(outcome.count(TenantState.SYNCED)).isEqualTo(3);
    assertThat(aggregates())
        .hasSize(3)
        .allSatisfy(
            standing -> assertThat(standing).contains(" fruitpak_app ").endsWith(" made filled"));
    assertThat(rows(Markdown.read("docs/how-to/aggregates.md").block("sql", "Look at it").text()))
        .extracting(row -> row.substring(0, row.indexOf(',', row.indexOf(',') + 1)))
        .containsExactly(
            "public,daily_grower_intake",
            "tenant_a,daily_grower_intake",
            "tenant_acme,daily_grower_intake");
  }

  @Test
  void without_login_of_the_owner_policies_and_aggregates_fail_and_the_rest_is_made() {
    without("ALTER ROLE fruitpak_app LOGIN");

    Outcome outcome = pass();

    assertThat(outcome.failures())
        .hasSize(9)
        .allSatisfy(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.OwnerCannotLogin);
              assertThat(f.message()).contains("ALTER ROLE \"fruitpak_app\" LOGIN");
            })
        .anySatisfy(
            f -> assertThat(f.message()).startsWith("tenant_a: ").contains("daily_grower_intake"));
    assertThat(aggregates()).as("one without its policy would be left half-made").isEmpty();
    assertThat(pass().initial().empty()).isTrue();
  }

  /** The WASM build is in another database than it is asked for. */
  @Test
  @NativeTimescale
  void without_connect_of_the_owner_no_policy_is_made_that_could_not_run() {
    without("GRANT CONNECT ON DATABASE \"" + server.database() + "\" TO fruitpak_app");

    Outcome outcome = pass();

    assertThat(outcome.failures())
        .hasSize(9)
        .allSatisfy(
            f -> {
              assertThat(f.reason()).isEqualTo(Reason.InsufficientPrivilege);
              assertThat(f.message()).contains("GRANT CONNECT ON DATABASE");
            });
    assertThat(aggregates()).isEmpty();
  }

  @Test
  void without_usage_of_the_extension_s_schema_its_functions_cannot_be_called() {
    without("GRANT USAGE ON SCHEMA public");

    Outcome outcome = pass();

    assertThat(outcome.count(TenantState.FAILED)).isEqualTo(3);
    assertThat(outcome.failures())
        .allSatisfy(f -> assertThat(f.reason()).isEqualTo(Reason.InsufficientPrivilege))
        .anySatisfy(
            f -> assertThat(f.message()).startsWith("tenant_a: ").contains("schema public"));
  }

  @Test
  void without_the_membership_nothing_is_made() {
    without("GRANT fruitpak_app TO tenantdb");

    Outcome outcome = pass();

    assertThat(outcome.results()).isEmpty();
    assertThat(outcome.count(TenantState.FAILED)).isEqualTo(3);
    assertThat(outcome.failures())
        .allSatisfy(
            f -> assertThat(f.message()).contains("GRANT \"fruitpak_app\" TO \"tenantdb\""));
  }

  /** Each with its owner and what its mark says of it. */
  private List<String> aggregates() {
    return rows(
        """
        SELECT a.view_schema || ' ' || a.view_owner || ' ' ||
          obj_description(format('%I.%I', a.view_schema, a.view_name)::regclass, 'pg_class')
        FROM timescaledb_information.continuous_aggregates a""");
  }

  private List<String> rows(String sql) {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      int columns = rows.getMetaData().getColumnCount();
      List<String> found = new ArrayList<>();
      while (rows.next()) {
        List<String> row = new ArrayList<>();
        for (int i = 1; i <= columns; i++) {
          row.add(rows.getString(i));
        }
        found.add(String.join(",", row));
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private List<String> grants() {
    return RolePage.statements(
        server.database(), RolePage.EVERY_SERVER, RolePage.SCHEMA, RolePage.TIMESCALE);
  }

  private void without(String beginning) {
    List<String> all = grants();
    List<String> rest = new ArrayList<>(all);
    rest.removeIf(sql -> sql.startsWith(beginning));
    assertThat(rest).hasSize(all.size() - 1);
    run(rest);
  }

  private void run(List<String> statements) {
    server.execute(statements.toArray(String[]::new));
  }

  private Outcome pass() {
    try (Database database = RolePage.open(server.host(), server.port(), server.database())) {
      return new Engine().pass(database, Example.desired(), Gate.OPEN, PassListener.NONE);
    }
  }
}

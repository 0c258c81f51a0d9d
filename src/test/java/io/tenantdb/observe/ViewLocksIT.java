package io.tenantdb.observe;

import static io.tenantdb.observe.Fleet.aggregate;
import static io.tenantdb.observe.Fleet.fallback;
import static io.tenantdb.observe.Fleet.select;
import static io.tenantdb.observe.Fleet.wants;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Desired;
import io.tenantdb.model.Observed;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The server's table of locks is everybody's. */
@RealParts
class ViewLocksIT {
  private static final int TENANTS = 2_500;
  private static final String QUERY = "SELECT day, count(*) AS n FROM intake GROUP BY day";
  private static final Desired DESIRED =
      wants(
          select("t*"),
          List.of(),
          List.of(),
          List.of(fallback(aggregate("daily", QUERY, "day", "intake"), "day")));

  @Test
  void printingTheViewsOfManyTenantsDoesNotExhaustIt() {
    try (PostgresServer server =
            PostgresServer.start(
                18, Map.of("max_connections", "15", "max_locks_per_transaction", "10"));
        Fleet fleet = Fleet.create(server, "locks")) {
      fleet.run(
          "DO $$ BEGIN FOR i IN 1.."
              + TENANTS
              + " LOOP"
              + " EXECUTE format('CREATE SCHEMA t%s AUTHORIZATION app', i);"
              + " EXECUTE format('CREATE TABLE t%s.intake (day date)', i);"
              + " EXECUTE format('CREATE MATERIALIZED VIEW t%1$s.daily AS SELECT day, count(*) AS n FROM t%1$s.intake GROUP BY day', i);"
              + " COMMIT; END LOOP; END $$");

      Observed observed = new Observer().observe(fleet.database(), DESIRED);

      assertThat(observed.tenants()).hasSize(TENANTS);
      assertThat(observed.tenants().values())
          .allSatisfy(
              tenant ->
                  assertThat(tenant.aggregate("daily").orElseThrow().definition()).isPresent());
    }
  }
}

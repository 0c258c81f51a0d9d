package io.tenantdb.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Change;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Mark;
import io.tenantdb.model.PolicyChange.AddPolicy;
import io.tenantdb.model.PolicyKind;
import io.tenantdb.model.Reason;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.model.Target;
import io.tenantdb.model.TimeSpan;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KnownDatabaseTest {

  private static final Desired DESIRED = Fruit.selecting(List.of(), Duration.ZERO);

  private final KnownDatabase known = new KnownDatabase();

  @Test
  void what_deletes_data_is_held_in_another_database_until_the_spec_is_changed() {
    assertThat(known.isAnother(server("1", 5), DESIRED)).isFalse();
    assertThat(known.hold(retention(true), DESIRED)).isEmpty();

    assertThat(known.isAnother(server("2", 5), DESIRED)).isTrue();

    assertThat(known.hold(retention(true), DESIRED))
        .hasValueSatisfying(r -> assertThat(r.reason()).isEqualTo(Reason.DatabaseChanged));
    assertThat(known.hold(retention(false), DESIRED)).isEmpty();
    assertThat(known.isAnother(server("2", 5), DESIRED)).isFalse();
    assertThat(known.hold(retention(true), DESIRED)).isPresent();

    Desired looked = Fruit.selecting(List.of("public"), Duration.ZERO);
    assertThat(known.hold(retention(true), looked)).isEmpty();
  }

  @Test
  void a_database_that_was_dropped_and_created_anew_is_another() {
    known.isAnother(server("1", 5), DESIRED);

    assertThat(known.isAnother(server("1", 6), DESIRED)).isTrue();
  }

  private static Change retention(boolean dropsChunks) {
    return new AddPolicy(
        new Target("tenant_a", "batch_history", "owner"),
        PolicyKind.RETENTION,
        new TimeSpan.Interval("2 years"),
        Optional.empty(),
        0,
        new Mark("a/b", "retention", "batch_history", "0123456789abcdef", Mark.Origin.MADE, false),
        "public",
        dropsChunks,
        false);
  }

  private static ServerInfo server(String system, long oid) {
    return new ServerInfo(
        "18",
        180000,
        new Timescale(Edition.COMMUNITY, Optional.of("2.23.0"), Optional.of("public")),
        Optional.of(system),
        oid,
        true,
        "operator",
        false,
        true,
        true);
  }
}

package io.tenantdb.operator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class HealthTest {
  private final ManualClock clock = new ManualClock();
  private final AtomicBoolean started = new AtomicBoolean(true);
  private final Set<String> unhealthy = new TreeSet<>();
  private final Health health =
      new Health(started::get, () -> unhealthy, Duration.ofMinutes(2), clock);

  @Test
  void a_stuck_informer_makes_it_dead_after_the_grace_and_not_before() {
    unhealthy.add("secrets");
    assertThat(health.live().good()).isTrue();
    clock.advance(Duration.ofSeconds(119));
    assertThat(health.live().good()).isTrue();
    clock.advance(Duration.ofSeconds(2));
    assertThat(health.live().good()).isFalse();
    assertThat(health.live().text()).contains("secrets");
  }

  @Test
  void an_informer_that_came_back_starts_the_grace_anew() {
    unhealthy.add("secrets");
    assertThat(health.live().good()).isTrue();
    clock.advance(Duration.ofMinutes(1));
    unhealthy.clear();
    assertThat(health.live().good()).isTrue();
    clock.advance(Duration.ofMinutes(5));
    unhealthy.add("secrets");
    assertThat(health.live().good()).isTrue();
  }

  @Test
  void it_is_ready_between_start_and_stop_only_and_alive_all_the_time() {
    started.set(false);
    assertThat(health.startup().good()).isFalse();
    assertThat(health.ready().good()).isFalse();
    assertThat(health.live().good()).isTrue();
    started.set(true);
    assertThat(health.ready().good()).isTrue();
    health.stopping();
    assertThat(health.ready().good()).isFalse();
    assertThat(health.live().good()).isTrue();
  }

  @Test
  void the_probes_answer_over_http_and_nothing_else_does() throws Exception {
    try (ManagementServer server =
        new ManagementServer(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            health,
            () -> "tenantdb_ready 1\n")) {
      assertThat(get(server, "/livez").statusCode()).isEqualTo(200);
      assertThat(get(server, "/metrics").body()).isEqualTo("tenantdb_ready 1\n");
      assertThat(get(server, "/metrics/x").statusCode()).isEqualTo(404);
      assertThat(get(server, "/").statusCode()).isEqualTo(404);
      health.stopping();
      assertThat(get(server, "/readyz").statusCode()).isEqualTo(503);
    }
  }

  private static HttpResponse<String> get(ManagementServer server, String path)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }
}

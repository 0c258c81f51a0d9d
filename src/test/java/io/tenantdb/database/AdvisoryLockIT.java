package io.tenantdb.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tenantdb.testing.PostgresServer;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AdvisoryLockIT {
  private static PostgresServer server;
  private static Database database;

  @BeforeAll
  static void start() {
    server = PostgresServer.start(PostgresServer.VERSIONS.get(0));
    server.createDatabase("app");
    database = Connections.to(server, "app").open();
  }

  @AfterAll
  static void stop() {
    if (database != null) {
      database.close();
    }
    if (server != null) {
      server.close();
    }
  }

  @Test
  void oneSessionHasItAndTheOtherIsToldWho() throws Exception {
    try (Connection a = database.dedicated();
        Connection b = database.dedicated()) {
      AdvisoryLock first = new AdvisoryLock(a, AdvisoryLock.Key.pass("platform/fruitpak"));
      AdvisoryLock second = new AdvisoryLock(b, AdvisoryLock.Key.pass("platform/fruitpak"));
      assertThat(second.holder()).isEmpty();
      assertThat(first.tryLock()).isTrue();
      assertThat(second.tryLock()).isFalse();
      assertThat(second.poll(Duration.ofMillis(60))).isFalse();
      assertThat(second.holder())
          .contains("pid " + Connections.ask(a, "SELECT pg_backend_pid()") + " (tenantdb test)");
      assertThat(new AdvisoryLock(b, AdvisoryLock.Key.pass("platform/other")).tryLock()).isTrue();
      assertThat(new AdvisoryLock(b, AdvisoryLock.Key.database()).tryLock()).isTrue();
      assertThat(second.unlock()).isFalse();
      assertThat(first.unlock()).isTrue();
      assertThat(second.tryLock()).isTrue();
    }
  }

  /** A hash above 2^31 is a negative int here and an unsigned oid in pg_locks. */
  @Test
  void theHolderOfANegativeKeyIsFound() throws Exception {
    try (Connection a = database.dedicated();
        Connection b = database.dedicated()) {
      AdvisoryLock.Key negative = new AdvisoryLock.Key(0x74646202, -5);
      assertThat(new AdvisoryLock(a, negative).tryLock()).isTrue();
      assertThat(new AdvisoryLock(b, negative).tryLock()).isFalse();
      assertThat(new AdvisoryLock(b, negative).holder()).isPresent();
    }
  }

  @Test
  void whoPollsGetsItWhenTheSessionOfTheOtherEnds() throws Exception {
    try (Connection b = database.dedicated()) {
      Connection a = database.dedicated();
      AdvisoryLock.Key key = AdvisoryLock.Key.table("tenant_a", "batches");
      assertThat(new AdvisoryLock(a, key).poll(Duration.ZERO)).isTrue();
      CompletableFuture<Boolean> waiter =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return new AdvisoryLock(b, key).poll(Duration.ofMinutes(1));
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
      assertThat(waiter).isNotDone();
      a.close();
      assertThat(waiter.get()).isTrue();
    }
  }

  @Test
  void itIsNotAskedForInATransaction() throws Exception {
    try (Connection a = database.dedicated()) {
      a.setAutoCommit(false);
      AdvisoryLock lock = new AdvisoryLock(a, AdvisoryLock.Key.database());
      assertThatThrownBy(lock::tryLock).isInstanceOf(IllegalStateException.class);
    }
  }
}

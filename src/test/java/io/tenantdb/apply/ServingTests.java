package io.tenantdb.apply;

import static io.tenantdb.apply.Batches.FEW;
import static io.tenantdb.apply.Batches.MANY;
import static io.tenantdb.apply.Batches.TABLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.apply.Indexes.Old;
import io.tenantdb.model.ChangeResult;
import io.tenantdb.model.ChangeResult.Status;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.testing.PostgresServer;
import io.tenantdb.testing.RealParts;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the application sees while an index is replaced over and over. */
@RealParts
abstract class ServingTests {

  private static final int REPLACEMENTS = 10;

  private final PostgresServer server;

  ServingTests(PostgresServer server) {
    this.server = server;
  }

  @ParameterizedTest
  @ValueSource(ints = {FEW, MANY})
  void readers_always_have_an_index_and_writers_never_wait_for_long(int rows) throws Exception {
    Batches batches = new Batches(server, "serving_" + rows, rows);
    CreateIndex one = create("grower");
    CreateIndex other = create("grower", "intake");
    done(batches.run(one));
    AtomicBoolean over = new AtomicBoolean();
    CompletableFuture<Long> reader = CompletableFuture.supplyAsync(() -> readUntil(batches, over));
    CompletableFuture<Long> writer = CompletableFuture.supplyAsync(() -> writeUntil(batches, over));
    try {
      for (int i = 0; i < REPLACEMENTS; i++) {
        CreateIndex live = i % 2 == 0 ? one : other;
        CreateIndex wanted = i % 2 == 0 ? other : one;
        done(
            batches.run(
                Indexes.replace(
                    wanted,
                    Old.of(
                        live.canonical().printed().text(),
                        live.index().mark(Indexes.OWNER, Mark.Origin.MADE).text()))));
      }
    } finally {
      over.set(true);
    }
    assertThat(reader.get(1, TimeUnit.MINUTES)).isPositive();
    assertThat(writer.get(1, TimeUnit.MINUTES)).isPositive();
  }

  private static CreateIndex create(String... columns) {
    DesiredIndex index = Indexes.on("batches", false, columns);
    return Indexes.create(
        TABLE, index, Build.CONCURRENTLY, "USING btree (" + String.join(", ", columns) + ")");
  }

  private static long readUntil(Batches batches, AtomicBoolean over) {
    long reads = 0;
    try (Connection connection = batches.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET enable_seqscan = off");
      while (!over.get()) {
        try (ResultSet plan =
            statement.executeQuery(
                "EXPLAIN SELECT * FROM tenant_a.batches WHERE grower = 'grower 7'")) {
          StringBuilder text = new StringBuilder();
          while (plan.next()) {
            text.append(plan.getString(1)).append('\n');
          }
          assertThat(text.toString()).contains("Index");
        }
        reads++;
      }
      return reads;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static long writeUntil(Batches batches, AtomicBoolean over) {
    long writes = 0;
    try (Connection connection = batches.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET lock_timeout = " + Batches.PATIENT.toMillis());
      while (!over.get()) {
        statement.execute("INSERT INTO tenant_a.batches VALUES (0, 'grower 7', '2026-01-01')");
        statement.execute("DELETE FROM tenant_a.batches WHERE id = 0");
        writes++;
      }
      return writes;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static void done(ChangeResult result) {
    assertThat(result.status()).as(result.message()).isEqualTo(Status.DONE);
  }
}

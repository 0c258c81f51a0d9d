package io.tenantdb.fleet;

import io.tenantdb.database.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;

/**
 * What an operator does to indexes, from a state that is made anew for each fault. Expressions and
 * predicates keep an index from being built in one transaction because its table is small.
 */
enum IndexScenario {
  /** Nothing is there. */
  CREATE("", "", Texts.FIRST, "ix_lower ix_partial ix_plain"),
  /** All are there, and declared otherwise now. */
  REPLACE(Texts.FIRST, "", Texts.SECOND, "ix_lower ix_partial ix_plain"),
  /** All are there and ours, and invalid. */
  REPAIR(
      Texts.FIRST,
      "UPDATE pg_index SET indisvalid = false WHERE indrelid = 'tenant_a.batches'::regclass",
      Texts.FIRST,
      "ix_lower ix_partial ix_plain"),
  /** Two have left the spec. */
  PRUNE(
      Texts.FIRST,
      "",
      """
      safety: {prune: OwnedOnly, onDestructive: Allow}
      indexes:
      - {name: ix_plain, table: batches, columns: [intake_date]}
      """,
      "ix_plain");

  /** The specs. */
  private static final class Texts {
    static final String FIRST =
        """
        indexes:
        - {name: ix_plain, table: batches, columns: [intake_date]}
        - {name: ix_lower, table: batches, keys: [{expression: lower(grower_id)}]}
        - {name: ix_partial, table: batches, columns: [grower_id], where: "status <> 'sold'"}
        """;
    static final String SECOND =
        """
        indexes:
        - {name: ix_plain, table: batches, columns: [intake_date, grower_id]}
        - {name: ix_lower, table: batches, keys: [{expression: upper(grower_id), statistics: 500}]}
        - {name: ix_partial, table: batches, columns: [grower_id], where: "status <> 'lost'"}
        """;
  }

  private final String before;
  private final String damage;
  private final String after;
  private final String indexes;

  IndexScenario(String before, String damage, String after, String indexes) {
    this.before = before;
    this.damage = damage;
    this.after = after;
    this.indexes = indexes;
  }

  /** Makes the tenant anew, as it is before the work that is disturbed. */
  void prepare(Fruit fruit) {
    fruit.execute("DROP SCHEMA IF EXISTS tenant_a CASCADE");
    fruit.tenants("tenant_a");
    if (!before.isEmpty()) {
      try (Database database = fruit.open()) {
        Outcome outcome =
            new Engine().pass(database, Fruit.desired(before), Gate.OPEN, PassListener.NONE);
        if (!outcome.converged()) {
          throw new IllegalStateException(outcome.failures().toString());
        }
      }
    }
    if (!damage.isEmpty()) {
      fruit.execute(damage);
    }
  }

  /** What is declared in the end. */
  String after() {
    return after;
  }

  /** The valid indexes in the end. */
  List<String> expected() {
    return Stream.of(indexes.split(" ")).map(name -> "tenant_a." + name).sorted().toList();
  }

  /** Keeps concurrent statements on the table waiting. */
  Holder hold(Fruit fruit) throws SQLException {
    return new Holder(fruit);
  }

  /** A writer that is idle in its transaction. */
  static final class Holder implements AutoCloseable {
    private final Connection connection;

    Holder(Fruit fruit) throws SQLException {
      this.connection = fruit.connect();
      connection.setAutoCommit(false);
      lock();
    }

    private void lock() throws SQLException {
      try (Statement statement = connection.createStatement()) {
        statement.execute("LOCK TABLE tenant_a.batches IN ROW EXCLUSIVE MODE");
      }
    }

    /** Ends the transaction, which lets go who waits for it, and begins another. */
    void letOneThrough() throws SQLException {
      connection.commit();
      lock();
    }

    /** Ends the transaction. */
    void letGo() throws SQLException {
      connection.rollback();
    }

    @Override
    public void close() throws SQLException {
      connection.close();
    }
  }
}

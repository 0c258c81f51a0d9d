package io.tenantdb.observe;

import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ServerInfo;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Reads the live state of all tenants in a few queries whatever their number. Keeps what it
 * deparsed for the next reading, for ten minutes at most: functions and types can be renamed
 * without a trace in what a body is kept by.
 */
public final class Observer {
  private static final Duration KEEP = Duration.ofMinutes(10);

  private final LongSupplier nanoTime;
  private Memory memory;

  /** What is kept between readings, and of which database. */
  private record Memory(
      long databaseOid, String system, int versionNum, long since, Deparsed deparsed) {
    boolean of(ServerInfo server, long now) {
      return databaseOid == server.databaseOid()
          && system.equals(server.systemIdentifier().orElse(""))
          && versionNum == server.versionNum()
          && now - since < KEEP.toNanos();
    }
  }

  /** Remembers nothing yet. */
  public Observer() {
    this(System::nanoTime);
  }

  Observer(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * One reading. Takes no lock on a tenant's table, and waits for none longer than a moment.
   *
   * @throws DatabaseException when the catalogs could not be read
   */
  public synchronized Observed observe(Database database, Desired desired) {
    ServerInfo server = database.probe();
    long now = nanoTime.getAsLong();
    if (memory == null || !memory.of(server, now)) {
      memory =
          new Memory(
              server.databaseOid(),
              server.systemIdentifier().orElse(""),
              server.versionNum(),
              now,
              Deparsed.none());
    }
    try (Connection connection = database.borrow()) {
      Reading reading = new Reading(new Catalog(connection, server.versionNum()), server, desired);
      Reading.Result result = reading.read(memory.deparsed());
      memory =
          new Memory(
              memory.databaseOid(),
              memory.system(),
              memory.versionNum(),
              memory.since(),
              result.deparsed());
      return result.observed();
    } catch (SQLException e) {
      throw database.failure(e, "read the catalogs");
    }
  }
}

package io.tenantdb.canonical;

import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.model.Canonical;
import io.tenantdb.model.Canonical.IndexKey;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalInterval;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ServerInfo;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Asks PostgreSQL what the desired items would look like once made. Keeps the answers for the next
 * pass.
 */
public final class Canonicalizer {
  private final LongSupplier nanoTime;
  private World world;
  private FormCache cache;

  /** What all answers depend on beside their keys. */
  private record World(
      long databaseOid,
      String system,
      int versionNum,
      ServerInfo.Timescale timescale,
      List<String> searchPath) {

    static World of(ServerInfo server, Desired desired) {
      return new World(
          server.databaseOid(),
          server.systemIdentifier().orElse(""),
          server.versionNum(),
          server.timescale(),
          desired.tenants().searchPath());
    }
  }

  /** Knows nothing yet. */
  public Canonicalizer() {
    this(System::nanoTime);
  }

  Canonicalizer(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.cache = new FormCache(nanoTime);
  }

  /**
   * The canonical form of everything that a plan for these tenants will compare. Expressions over a
   * table that belongs to a superuser are not tried: their form is unknown.
   *
   * @param resolved what each tenant must have, by schema
   * @throws DatabaseException when the server could not be asked at all; with {@link
   *     io.tenantdb.model.Reason#SpecInvalid} where a declared interval is none for PostgreSQL
   */
  public synchronized Canonical canonicalize(
      Database database,
      Desired desired,
      Function<String, DesiredTenant> resolved,
      Observed observed) {
    World now = World.of(observed.server(), desired);
    if (!now.equals(world)) {
      world = now;
      cache = new FormCache(nanoTime);
    }
    Wanted wanted = Wanted.of(desired, resolved, observed);
    Map<IndexKey, CanonicalIndex> forms = new HashMap<>();
    Map<IndexKey, IndexTask> missing = new LinkedHashMap<>();
    wanted
        .indexes()
        .forEach(
            (key, task) ->
                cache
                    .form(key)
                    .ifPresentOrElse(form -> forms.put(key, form), () -> missing.put(key, task)));
    try (Connection connection = database.borrow()) {
      forms.putAll(new IndexForms(connection, observed.server().versionNum()).of(missing));
      cache.keep(forms);
      Map<String, CanonicalInterval> intervals =
          new Intervals(connection, observed.now())
              .read(wanted.declaredIntervals(), wanted.liveIntervals());
      return new Canonical(Map.copyOf(forms), intervals);
    } catch (SQLException e) {
      throw database.failure(e, "find out what the declared indexes look like");
    }
  }
}

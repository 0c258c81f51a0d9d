package io.tenantdb.canonical;

import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.model.Canonical;
import io.tenantdb.model.Canonical.AggregateKey;
import io.tenantdb.model.Canonical.IndexKey;
import io.tenantdb.model.CanonicalAggregate;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalInterval;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.DesiredTenant;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.TimeSpan;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Asks PostgreSQL what the desired items would look like once made. Keeps the answers for the next
 * pass.
 */
public final class Canonicalizer {
  private final LongSupplier nanoTime;
  private World world;
  private FormCache<IndexKey, CanonicalIndex> indexes;
  private FormCache<AggregateKey, CanonicalAggregate> aggregates;
  private Map<IndexKey, Set<IndexBody>> looked = Map.of();

  /** What all answers depend on beside their keys. */
  private record World(
      long databaseOid,
      String system,
      int versionNum,
      ServerInfo.Timescale timescale,
      List<String> searchPath,
      Map<String, String> timeColumns) {

    static World of(ServerInfo server, Desired desired) {
      return new World(
          server.databaseOid(),
          server.systemIdentifier().orElse(""),
          server.versionNum(),
          server.timescale(),
          desired.tenants().searchPath(),
          desired.hypertables().stream()
              .collect(
                  Collectors.toMap(
                      DesiredHypertable::table, DesiredHypertable::timeColumn, (a, b) -> a)));
    }
  }

  /** Knows nothing yet. */
  public Canonicalizer() {
    this(System::nanoTime);
  }

  Canonicalizer(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    forget();
  }

  private void forget() {
    indexes =
        new FormCache<>(nanoTime, CanonicalIndex.Buildable.class, CanonicalIndex.Unknown.class);
    aggregates =
        new FormCache<>(
            nanoTime, CanonicalAggregate.Buildable.class, CanonicalAggregate.Unknown.class);
  }

  /**
   * The canonical form of everything that a plan for these tenants will compare. Expressions over a
   * table that belongs to a superuser are not tried, unless {@code safety.allowSuperuserOwned}:
   * their form is unknown.
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
      forget();
    }
    Wanted wanted = Wanted.of(desired, resolved, observed);
    try (Connection connection = database.borrow()) {
      Map<IndexKey, CanonicalIndex> bodies =
          known(
              indexes,
              wanted.indexes(),
              doubtful(wanted.indexes()),
              new IndexForms(connection, observed.server().versionNum())::of);
      looked = new HashMap<>();
      wanted.indexes().forEach((key, task) -> looked.put(key, task.live()));
      Map<AggregateKey, CanonicalAggregate> texts =
          known(
              aggregates,
              wanted.queries(),
              Set.of(),
              new AggregateForms(connection, database::alone)::of);
      Set<String> live = new HashSet<>(wanted.liveIntervals());
      texts.values().forEach(text -> buckets(text).forEach(live::add));
      Map<String, CanonicalInterval> intervals =
          new Intervals(connection, observed.now()).read(wanted.declaredIntervals(), live);
      return new Canonical(
          Map.copyOf(bodies),
          Map.copyOf(texts),
          new Tablespaces(connection).refusals(wanted.placements()),
          intervals);
    } catch (SQLException e) {
      throw database.failure(e, "find out what the declared indexes look like");
    }
  }

  /** Asks for many forms at once. */
  @FunctionalInterface
  private interface Asking<T, K, F> {
    Map<K, F> forms(Map<K, T> tasks) throws SQLException;
  }

  /**
   * What a live index differs from, and no other look has said so of the same ones: it may do so
   * only because a function or a type was renamed, or a column got another type.
   */
  private Set<IndexKey> doubtful(Map<IndexKey, IndexTask> tasks) {
    Set<IndexKey> doubtful = new HashSet<>();
    tasks.forEach(
        (key, task) ->
            indexes
                .form(key)
                .filter(form -> !task.agreesWith(form))
                .filter(form -> !task.live().equals(looked.get(key)))
                .ifPresent(form -> doubtful.add(key)));
    return doubtful;
  }

  /** What the cache has, but for the doubtful, and for the rest the server's answer. */
  private static <T, K, F> Map<K, F> known(
      FormCache<K, F> cache, Map<K, T> wanted, Set<K> doubtful, Asking<T, K, F> asking)
      throws SQLException {
    Map<K, F> forms = new HashMap<>();
    Map<K, T> missing = new LinkedHashMap<>();
    wanted.forEach(
        (key, task) ->
            cache
                .form(key)
                .filter(form -> !doubtful.contains(key))
                .ifPresentOrElse(form -> forms.put(key, form), () -> missing.put(key, task)));
    forms.putAll(asking.forms(missing));
    cache.keep(forms);
    return forms;
  }

  private static Stream<String> buckets(CanonicalAggregate form) {
    return form instanceof CanonicalAggregate.Buildable buildable
        ? buildable.bucket().stream()
            .filter(TimeSpan.Interval.class::isInstance)
            .map(TimeSpan::text)
        : Stream.empty();
  }
}

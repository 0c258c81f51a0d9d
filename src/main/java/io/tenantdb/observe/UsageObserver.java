package io.tenantdb.observe;

import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.model.Desired;
import io.tenantdb.model.IndexShape;
import io.tenantdb.model.IndexTemplate;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTable.Kind;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ObservedUsage;
import io.tenantdb.model.ObservedUsage.Definition;
import io.tenantdb.observe.UsageReader.Counting;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads how the indexes of the declared tables are used, in a few queries whatever the number of
 * tenants. Apart from {@link Observer}: no pass needs it.
 */
public final class UsageObserver {

  /**
   * One reading. Takes no lock on a tenant's table.
   *
   * @param observed says which tables and indexes there are
   * @param templates the oids of the indexes that count as each
   * @throws DatabaseException when the catalogs could not be read
   */
  public ObservedUsage observe(
      Database database,
      Desired desired,
      Observed observed,
      Map<IndexTemplate, List<Long>> templates) {
    Map<Definition, Long> exemplars = new HashMap<>();
    List<Long> tables = new ArrayList<>();
    List<Long> hypertables = new ArrayList<>();
    for (ObservedTenant tenant : observed.tenants().values()) {
      for (ObservedTable table : desired.indexed(tenant)) {
        tables.add(table.oid());
        if (table.hypertable().isPresent() || table.kind() == Kind.CONTINUOUS_AGGREGATE) {
          hypertables.add(table.oid());
        }
        for (ObservedIndex index : table.indexes()) {
          if (index.serves()) {
            Definition.of(table, index)
                .ifPresent(definition -> exemplars.putIfAbsent(definition, index.oid()));
          }
        }
      }
    }
    try (Connection connection = database.borrow()) {
      Catalog catalog = new Catalog(connection, observed.server().versionNum());
      UsageReader usage = new UsageReader(catalog);
      ShapeReader shapes = new ShapeReader(catalog);
      Counting counting = usage.counting();
      return new ObservedUsage(
          counting.now(),
          counting.since(),
          counting.everReset(),
          usage.usage(templates, hypertables),
          byDefinition(exemplars, shapes.shapes(exemplars.values())),
          shapes.foreignKeys(tables));
    } catch (SQLException e) {
      throw database.failure(e, "read how the indexes are used");
    }
  }

  private static Map<Definition, IndexShape> byDefinition(
      Map<Definition, Long> exemplars, Map<Long, IndexShape> shapes) {
    Map<Definition, IndexShape> byDefinition = new HashMap<>();
    exemplars.forEach(
        (definition, oid) -> {
          IndexShape shape = shapes.get(oid);
          if (shape != null) {
            byDefinition.put(definition, shape);
          }
        });
    return byDefinition;
  }
}

package io.tenantdb.plan.usage;

import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which live definitions are known to be the declared one without asking the server, which may be a
 * standby: those that a mark of the present spec vouches for in some tenant with the same columns,
 * and what a B-tree of plain columns is printed like.
 */
final class KnownBodies {

  private record Vouched(
      String table, String name, String specHash, String columns, IndexBody body) {}

  private final Set<Vouched> vouched = new HashSet<>();

  KnownBodies(Desired desired, Observed observed) {
    for (ObservedTenant tenant : observed.tenants().values()) {
      for (ObservedTable table : desired.indexed(tenant)) {
        for (ObservedIndex index : table.indexes()) {
          Optional<Mark> mark = index.mark().filter(m -> m.owner().equals(desired.ownerId()));
          if (mark.isPresent() && index.body().isPresent()) {
            vouched.add(vouched(table, mark.get().name(), mark.get().spec(), index.body().get()));
          }
        }
      }
    }
  }

  /** True where the index is equal to the declared one, as far as is known. */
  boolean equal(ObservedTable table, ObservedIndex live, DesiredIndex wanted) {
    return wanted.tablespace().isEmpty()
        && live.body()
            .filter(
                body ->
                    isPlain(body, wanted)
                        || vouched.contains(vouched(table, wanted.name(), wanted.specHash(), body)))
            .isPresent();
  }

  private static Vouched vouched(
      ObservedTable table, String name, String specHash, IndexBody body) {
    return new Vouched(table.name(), name, specHash, table.columnSignature(), body);
  }

  private static boolean isPlain(IndexBody body, DesiredIndex wanted) {
    boolean plain =
        wanted.plainColumns()
            && !wanted.resolvesNames()
            && wanted.include().isEmpty()
            && wanted.with().isEmpty()
            && !wanted.nullsNotDistinct()
            && wanted.method().equals("btree")
            && wanted.keys().stream()
                .allMatch(key -> !key.descending() && key.nullsFirst().isEmpty());
    List<String> columns = wanted.keys().stream().flatMap(key -> key.column().stream()).toList();
    return plain
        && body.unique() == wanted.unique()
        && body.keys().stream().map(KnownBodies::unquoted).toList().equals(columns)
        && body.text()
            .equals(body.keys().stream().collect(Collectors.joining(", ", "USING btree (", ")")));
  }

  private static String unquoted(String key) {
    return key.startsWith("\"") && key.endsWith("\"") && key.length() > 1
        ? key.substring(1, key.length() - 1).replace("\"\"", "\"")
        : key;
  }
}

package io.tenantdb.canonical;

import io.tenantdb.model.Identifiers;
import io.tenantdb.model.TableLayout;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where a table is cloned: as which tenant's, and by whom.
 *
 * @param schema the tenant
 * @param table name of the table that is cloned
 * @param layout its columns
 * @param owner the table's owner
 * @param asOwner whether the owner's role is taken; otherwise everything runs as ourselves, and
 *     then nothing but plain columns may be tried
 * @param ownerUsesSchema whether the owner may create a table in the tenant's schema
 * @param searchPath where names are looked up after the tenant's schema
 */
record CloneSite(
    String schema,
    String table,
    TableLayout layout,
    String owner,
    boolean asOwner,
    boolean ownerUsesSchema,
    List<String> searchPath) {

  /** The columns as {@code CREATE TABLE} has them: from the catalogs, no lock on the real table. */
  String columns() {
    return columns(layout);
  }

  /** The same of any table. */
  static String columns(TableLayout layout) {
    return layout.columns().stream()
        .map(
            column ->
                Identifiers.quote(column.name())
                    + " "
                    + column.type()
                    + (column.collation().isEmpty() ? "" : " COLLATE " + column.collation()))
        .collect(Collectors.joining(", ", "(", ")"));
  }

  /** Schemas along which names in a definition are looked up. */
  List<String> names() {
    return Stream.concat(Stream.of(schema), searchPath.stream()).toList();
  }

  /**
   * The path by which the real index will be built. The temporary schema is last instead of first:
   * the clone must not stand before a type of the tenant that bears the table's name.
   */
  String path() {
    return Identifiers.list(Stream.concat(names().stream(), Stream.of("pg_temp")).toList());
  }
}

package io.tenantdb.observe;

import io.tenantdb.model.ViewText;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The printed queries of views, kept from one reading to the next. Printing takes ACCESS SHARE on
 * the view and on whatever it reads, and so waits behind a tenant's {@code ALTER TABLE}: only what
 * is new is printed, and a locked view is left without a text.
 */
final class ViewTexts {

  /**
   * A view to be printed.
   *
   * @param quotedSchema the tenant's, as {@code quote_ident} prints it
   */
  record View(long oid, Stamp stamp, String quotedSchema) {}

  /**
   * Equal as long as a view's text is.
   *
   * @param rule version of the view's rule
   * @param columns those of the relations that it may read and its own: they can be renamed without
   *     a trace in the rule, and are printed by their new names
   */
  record Stamp(String rule, String columns) {}

  /**
   * How many are printed in one transaction. It holds its locks to the end, and the server's table
   * of locks, 6,400 by default, is the applications' too.
   */
  private static final int TOGETHER = 200;

  private record Kept(Stamp stamp, ViewText text) {}

  private static final String LOCKED =
      """
      WITH v AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid),
      l AS MATERIALIZED (SELECT unnest(?::oid[]) AS oid)
      SELECT DISTINCT v.oid
      FROM v
      JOIN pg_rewrite r ON r.ev_class = v.oid
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_class'::regclass
      JOIN l ON l.oid = d.refobjid
      """;

  private static final String TEXTS =
      "SELECT v.oid, pg_get_viewdef(v.oid) FROM unnest(?::oid[]) AS v(oid)";

  private final Map<Long, Kept> kept;

  private ViewTexts(Map<Long, Kept> kept) {
    this.kept = kept;
  }

  /** Knows none yet. */
  static ViewTexts none() {
    return new ViewTexts(Map.of());
  }

  /**
   * The texts of these views: the known ones that are as they were, and those that are new.
   *
   * @param locked relations that another session holds or awaits in ACCESS EXCLUSIVE
   */
  ViewTexts refreshed(Catalog catalog, Collection<View> views, Set<Long> locked)
      throws SQLException {
    Map<Long, Kept> now = new HashMap<>();
    Map<Long, View> missing = new HashMap<>();
    for (View view : views) {
      Kept known = kept.get(view.oid());
      if (known != null && known.stamp().equals(view.stamp())) {
        now.put(view.oid(), known);
      } else {
        missing.put(view.oid(), view);
      }
    }
    if (!missing.isEmpty() && !locked.isEmpty()) {
      lockedOf(catalog, missing.keySet(), locked).forEach(missing::remove);
    }
    List<View> all = List.copyOf(missing.values());
    for (int i = 0; i < all.size(); i += TOGETHER) {
      List<View> some = all.subList(i, Math.min(all.size(), i + TOGETHER));
      if (!print(catalog, some, now)) {
        for (View view : some) {
          print(catalog, List.of(view), now);
        }
      }
    }
    return new ViewTexts(now);
  }

  /** The text of the view; empty where it could not be printed. */
  Optional<ViewText> text(long view) {
    return Optional.ofNullable(kept.get(view)).map(Kept::text);
  }

  /** Those of the views that could not be printed without waiting for one of the locks. */
  private static Set<Long> lockedOf(Catalog catalog, Set<Long> views, Set<Long> locked)
      throws SQLException {
    return new HashSet<>(
        catalog.rows(LOCKED, row -> row.getLong(1), Catalog.oids(views), Catalog.oids(locked)));
  }

  /** False where a lock was in the way: then none was printed. */
  private static boolean print(Catalog catalog, Collection<View> views, Map<Long, Kept> now)
      throws SQLException {
    Map<Long, View> byOid = views.stream().collect(Collectors.toMap(View::oid, view -> view));
    try {
      catalog
          .brieflyLocking(
              () ->
                  catalog.rows(
                      TEXTS,
                      row -> {
                        View view = byOid.get(row.getLong(1));
                        return Map.entry(
                            view.oid(),
                            Optional.ofNullable(row.getString(2))
                                .map(text -> kept(catalog, view, text)));
                      },
                      Catalog.oids(byOid.keySet())))
          .forEach(e -> e.getValue().ifPresent(text -> now.put(e.getKey(), text)));
      return true;
    } catch (SQLException e) {
      if (LockedOrGone.is(e)) {
        return false;
      }
      throw e;
    }
  }

  /** Views of all tenants mostly have one text. */
  private static Kept kept(Catalog catalog, View view, String definition) {
    ViewText text = ViewText.of(definition, view.quotedSchema());
    return new Kept(view.stamp(), new ViewText(catalog.intern(text.text())));
  }
}

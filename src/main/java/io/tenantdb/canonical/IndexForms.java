package io.tenantdb.canonical;

import io.tenantdb.canonical.TempClone.NoRightsException;
import io.tenantdb.database.EventTriggers;
import io.tenantdb.model.Canonical.IndexKey;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalIndex.Refused;
import io.tenantdb.model.CanonicalIndex.Unknown;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Reason;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Finds the forms of many indexes with one clone per site. */
final class IndexForms {
  private static final int NULLS_NOT_DISTINCT = 150_000;

  private final Connection connection;
  private final int versionNum;

  IndexForms(Connection connection, int versionNum) {
    this.connection = connection;
    this.versionNum = versionNum;
  }

  /**
   * The form of each. What one owner may not do, or is kept from by a lock, is tried at the next
   * site.
   */
  Map<IndexKey, CanonicalIndex> of(Map<IndexKey, IndexTask> tasks) throws SQLException {
    Map<IndexKey, CanonicalIndex> forms = new HashMap<>();
    Map<IndexKey, IndexTask> open = new LinkedHashMap<>();
    tasks.forEach(
        (key, task) -> {
          // Stays where there is no site at all, and is replaced by what the last site says.
          forms.put(
              key,
              new Unknown(
                  Reason.InsufficientPrivilege,
                  "its expressions are tried as the table's owner, a role that is no superuser's"
                      + " and that this connection must be able to SET ROLE to"));
          Optional<Refused> problem = Fragments.problem(task.index()).or(() -> lacks(task.index()));
          problem.ifPresentOrElse(refused -> forms.put(key, refused), () -> open.put(key, task));
        });
    for (int site = 0; !open.isEmpty(); site++) {
      Map<CloneSite, Map<IndexKey, IndexTask>> bySite = bySite(open, site);
      if (bySite.isEmpty()) {
        break;
      }
      for (Map.Entry<CloneSite, Map<IndexKey, IndexTask>> entry : bySite.entrySet()) {
        forms.putAll(at(entry.getKey(), entry.getValue()));
      }
      open.keySet().removeIf(key -> !(forms.get(key) instanceof Unknown));
    }
    return forms;
  }

  /** What this version does not know, and would call a syntax error. */
  private Optional<Refused> lacks(DesiredIndex index) {
    return index.nullsNotDistinct() && versionNum < NULLS_NOT_DISTINCT
        ? Optional.of(
            new Refused(
                Reason.NotSupported,
                "",
                "nullsNotDistinct needs PostgreSQL 15, this is " + versionNum / 10_000))
        : Optional.empty();
  }

  private static Map<CloneSite, Map<IndexKey, IndexTask>> bySite(
      Map<IndexKey, IndexTask> tasks, int nth) {
    Map<CloneSite, Map<IndexKey, IndexTask>> bySite = new LinkedHashMap<>();
    tasks.forEach(
        (key, task) -> {
          if (task.sites().size() > nth) {
            bySite
                .computeIfAbsent(task.sites().get(nth), site -> new LinkedHashMap<>())
                .put(key, task);
          }
        });
    return bySite;
  }

  private Map<IndexKey, CanonicalIndex> at(CloneSite site, Map<IndexKey, IndexTask> tasks)
      throws SQLException {
    Map<IndexKey, CanonicalIndex> forms = new HashMap<>();
    try (TempClone clone = TempClone.create(connection, site, versionNum)) {
      for (Map.Entry<IndexKey, IndexTask> task : tasks.entrySet()) {
        forms.put(task.getKey(), clone.form(task.getValue()));
      }
    } catch (NoRightsException e) {
      tasks.keySet().forEach(key -> forms.put(key, TempClone.without(e)));
    } catch (SQLException e) {
      // The clone itself could not be made: no privilege on a type's schema, a lock, a type that
      // vanished. All of it is about this site, none of it about the definitions.
      Unknown verdict = Verdicts.ofClone(e);
      Unknown unknown =
          EventTriggers.refusal(connection, e)
              .map(said -> new Unknown(Reason.EventTriggerRefused, said))
              .orElse(verdict);
      tasks.keySet().forEach(key -> forms.put(key, unknown));
    }
    return forms;
  }
}

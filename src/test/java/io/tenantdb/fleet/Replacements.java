package io.tenantdb.fleet;

import io.tenantdb.model.CanonicalIndex.Buildable;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexReplacement.ReplaceIndex;
import io.tenantdb.model.IndexReplacement.Replaced;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.Target;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** Changes of the first index of {@link Fruit}. */
final class Replacements {

  private Replacements() {}

  /** Its replacement. */
  static ReplaceIndex of(Target target) {
    DesiredIndex index = Fruit.selecting(List.of(), Duration.ZERO).indexes().get(0);
    IndexBody body = new IndexBody(false, "USING btree (intake_date)");
    return new ReplaceIndex(
        new CreateIndex(
            target,
            index,
            Build.CONCURRENTLY,
            new Buildable(body, Set.of(body)),
            index.mark("a/b", Mark.Origin.MADE),
            List.of("tenant_a"),
            false),
        new Replaced(
            new IndexBody(false, "USING btree (grower_id)"),
            true,
            ReservedName.retired(index.table(), index.name(), "0123456789abcdef").text(),
            "btree (grower_id)",
            false,
            true,
            "",
            new TreeMap<>(),
            false));
  }
}

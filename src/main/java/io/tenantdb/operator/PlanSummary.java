package io.tenantdb.operator;

import io.tenantdb.model.Hazard;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Template;
import java.util.List;
import java.util.stream.Stream;

/**
 * A plan without its tenants, small enough to keep.
 *
 * @param hash of the plan
 * @param creates changes that make what is not there
 * @param changes all other changes
 * @param destructive changes that delete data, refused ones too
 * @param templates the first of what is to be done, refused ones foremost
 */
record PlanSummary(String hash, int creates, int changes, int destructive, List<Line> templates) {
  private static final int KEPT = 20;

  PlanSummary {
    templates = List.copyOf(templates);
  }

  /** One change, of a number of tenants. */
  record Line(String kind, String object, String before, String after, String hazard, int tenants) {

    static Line of(Template template) {
      return new Line(
          template.kind(),
          template.object(),
          template.before(),
          template.after(),
          hazard(template.hazard()),
          template.schemas().size());
    }

    private static String hazard(Hazard hazard) {
      return switch (hazard) {
        case NONE -> "None";
        case BLOCKS_WRITES -> "BlocksWrites";
        case TAKES_OVER -> "TakesOver";
        case DROPS_OBJECT -> "DropsObject";
        case DELETES_DATA -> "DeletesData";
      };
    }
  }

  static PlanSummary of(Plan plan) {
    List<Template> templates =
        Stream.concat(plan.refusedTemplates().stream(), plan.templates().stream()).toList();
    int creates = 0;
    int changes = 0;
    int destructive = 0;
    for (Template template : templates) {
      int tenants = template.schemas().size();
      if (creates(template.kind())) {
        creates += tenants;
      } else {
        changes += tenants;
      }
      destructive += template.hazard().destructive() ? tenants : 0;
    }
    return new PlanSummary(
        plan.hash(),
        creates,
        changes,
        destructive,
        templates.stream().limit(KEPT).map(Line::of).toList());
  }

  /** True when nothing is to be done. */
  boolean empty() {
    return creates + changes == 0;
  }

  private static boolean creates(String kind) {
    return kind.startsWith("Create") || kind.startsWith("Add") || kind.startsWith("Convert");
  }
}

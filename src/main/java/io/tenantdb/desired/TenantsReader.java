package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.Grammar;
import io.tenantdb.api.v1alpha1.TenantsSpec;
import io.tenantdb.model.TenantSelection;
import java.time.Duration;
import java.util.List;

/** Reads {@code spec.tenants} but for its overrides. */
final class TenantsReader {
  private static final String PATH = "spec.tenants";

  private final Fields fields;
  private final Problems problems;
  private final GoDuration durations;

  TenantsReader(Fields fields, GoDuration durations) {
    this.fields = fields;
    this.problems = fields.problems();
    this.durations = durations;
  }

  /** The selection. */
  TenantSelection read(TenantsSpec spec) {
    List<String> schemas = fields.distinct(PATH + ".schemas", spec.schemas(), fields::schema);
    List<String> patterns = fields.distinct(PATH + ".patterns", spec.patterns(), this::pattern);
    if (schemas.isEmpty() && patterns.isEmpty()) {
      problems.add(PATH, Grammar.NO_TENANTS_MESSAGE);
    }
    return new TenantSelection(
        schemas,
        patterns,
        fields.distinct(PATH + ".exclude", spec.exclude(), fields::name),
        spec.searchPath() == null
            ? Defaults.SEARCH_PATH
            : fields.distinct(PATH + ".searchPath", spec.searchPath(), this::pathSchema),
        durations.read(
            PATH + ".settle",
            spec.settle(),
            Defaults.SETTLE,
            Duration.ZERO,
            Duration.ofHours(24),
            Grammar.SETTLE_MESSAGE),
        fields.word(
            PATH + ".onMissingTable",
            spec.onMissingTable(),
            Defaults.ON_MISSING_TABLE,
            Words.ON_MISSING_TABLE));
  }

  private String pattern(String path, String value) {
    String glob = fields.name(path, value);
    if (glob.startsWith("pg_")) {
      problems.add(path, Grammar.SYSTEM_PATTERN_MESSAGE);
    }
    return glob;
  }

  /** PostgreSQL reads {@code $user}, even quoted, as the role's name. */
  private String pathSchema(String path, String value) {
    String name = fields.schema(path, value);
    if (name.equals("$user")) {
      problems.add(path, "must name a schema: $user would be the role that runs the statement.");
    }
    return name;
  }
}

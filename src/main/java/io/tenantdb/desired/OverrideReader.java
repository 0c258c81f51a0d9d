package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.Grammar;
import io.tenantdb.api.v1alpha1.OverrideSpec;
import io.tenantdb.api.v1alpha1.OverrideSpec.HypertableOverrideSpec;
import io.tenantdb.model.DesiredHypertable;
import io.tenantdb.model.PolicyState;
import io.tenantdb.model.TenantOverride;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads {@code spec.tenants.overrides} against the hypertables that they change. */
final class OverrideReader {
  private static final String PATH = "spec.tenants.overrides";
  private static final int MAX_NAME = 63;

  private final Fields fields;
  private final Problems problems;
  private final PolicyReader policies;
  private final HypertableRules rules;
  private final List<DesiredHypertable> hypertables;

  OverrideReader(
      Fields fields,
      PolicyReader policies,
      HypertableRules rules,
      List<DesiredHypertable> hypertables) {
    this.fields = fields;
    this.problems = fields.problems();
    this.policies = policies;
    this.rules = rules;
    this.hypertables = hypertables;
  }

  /** The overrides, in the order of the spec. */
  List<TenantOverride> read(List<OverrideSpec> specs) {
    Set<String> names = new HashSet<>();
    Map<SchemaTable, String> owners = new HashMap<>();
    return fields.each(
        PATH,
        specs,
        (path, spec) -> {
          TenantOverride override = override(path, spec);
          if (!names.add(override.name())) {
            problems.add(
                path + ".name",
                Problems.shown(override.name()) + " is the name of two overrides: rename one.");
          }
          claim(path, override, owners);
          return override;
        });
  }

  private record SchemaTable(String schema, String table) {}

  /** Two overrides that set the same table of one schema would have to be ordered: refused. */
  private void claim(String path, TenantOverride override, Map<SchemaTable, String> owners) {
    for (String schema : override.schemas()) {
      for (TenantOverride.Hypertable hypertable : override.hypertables()) {
        String other =
            owners.putIfAbsent(new SchemaTable(schema, hypertable.table()), override.name());
        if (other != null && !other.equals(override.name())) {
          problems.add(
              path,
              "overrides "
                  + Problems.shown(other)
                  + " and "
                  + Problems.shown(override.name())
                  + " both set table "
                  + Problems.shown(hypertable.table())
                  + " of schema "
                  + Problems.shown(schema)
                  + ": take it out of one.");
        }
      }
    }
  }

  private TenantOverride override(String path, OverrideSpec spec) {
    String name =
        fields.text(
            path + ".name",
            spec.name(),
            Grammar.OVERRIDE_NAME,
            MAX_NAME,
            "lower case letters, digits and dashes");
    List<String> schemas = fields.distinct(path + ".schemas", spec.schemas(), fields::schema);
    if (schemas.isEmpty()) {
      problems.add(path + ".schemas", "is required: name the schemas that differ.");
    }
    Set<String> tables = new HashSet<>();
    List<TenantOverride.Hypertable> changed =
        fields.each(
            path + ".hypertables",
            spec.hypertables(),
            (at, hypertable) -> {
              if (hypertable.table() != null && !tables.add(hypertable.table())) {
                problems.add(
                    at + ".table",
                    Problems.shown(hypertable.table()) + " is in the list twice: remove one.");
              }
              return hypertable(at, hypertable);
            });
    if (changed.isEmpty()) {
      problems.add(path + ".hypertables", "is required: say what differs.");
    }
    return new TenantOverride(name, schemas, changed);
  }

  private TenantOverride.Hypertable hypertable(String path, HypertableOverrideSpec spec) {
    TenantOverride.Hypertable override =
        new TenantOverride.Hypertable(
            fields.name(path + ".table", spec.table()),
            policies.span(path + ".chunkInterval", spec.chunkInterval()),
            Optional.ofNullable(spec.compression())
                .map(
                    c ->
                        policies.compression(
                            path + ".compression",
                            c.state(),
                            c.after(),
                            c.segmentBy(),
                            c.orderBy(),
                            c.every())),
            Optional.ofNullable(spec.retention())
                .map(
                    r ->
                        policies.retention(
                            path + ".retention", r.state(), r.dropAfter(), r.every())));
    hypertables.stream()
        .filter(base -> base.table().equals(override.table()))
        .findFirst()
        .ifPresentOrElse(
            base -> check(path, base, override),
            () -> problems.add(path + ".table", Grammar.OVERRIDE_TABLE_MESSAGE));
    return override;
  }

  private void check(String path, DesiredHypertable base, TenantOverride.Hypertable override) {
    int before = problems.count();
    if (base.compression().filter(c -> c.state() == PolicyState.ABSENT).isPresent()
        && override.compression().filter(c -> c.state().isEmpty()).isPresent()) {
      problems.add(path + ".compression.state", saysAbsent());
    }
    if (base.retention().filter(r -> r.state() == PolicyState.ABSENT).isPresent()
        && override.retention().filter(r -> r.state().isEmpty()).isPresent()) {
      problems.add(path + ".retention.state", saysAbsent());
    }
    if (problems.count() == before) {
      rules.check(path, Overriding.merge(base, override));
    }
  }

  private static String saysAbsent() {
    return "must be Present, because spec.hypertables says Absent.";
  }
}

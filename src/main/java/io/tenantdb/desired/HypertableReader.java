package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.HypertableSpec;
import io.tenantdb.model.DesiredHypertable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads {@code spec.hypertables}. */
final class HypertableReader {
  private static final String PATH = "spec.hypertables";

  private final Fields fields;
  private final PolicyReader policies;
  private final HypertableRules rules;

  HypertableReader(Fields fields, PolicyReader policies, HypertableRules rules) {
    this.fields = fields;
    this.policies = policies;
    this.rules = rules;
  }

  /** The hypertables, in the order of the spec. */
  List<DesiredHypertable> read(List<HypertableSpec> specs) {
    Map<String, String> paths = new HashMap<>();
    return fields.each(
        PATH,
        specs,
        (path, spec) -> {
          DesiredHypertable hypertable = hypertable(path, spec);
          String earlier = paths.putIfAbsent(hypertable.table(), path);
          if (earlier != null) {
            fields
                .problems()
                .add(
                    path + ".table",
                    Problems.shown(hypertable.table())
                        + " is the table of "
                        + earlier
                        + " too: make them one entry.");
          }
          rules.check(path, hypertable);
          return hypertable;
        });
  }

  private DesiredHypertable hypertable(String path, HypertableSpec spec) {
    return new DesiredHypertable(
        fields.name(path + ".table", spec.table()),
        fields.name(path + ".timeColumn", spec.timeColumn()),
        fields.word(path + ".convert", spec.convert(), Defaults.CONVERT, Words.CONVERT),
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
                        c.every()))
            .map(Overriding::of),
        Optional.ofNullable(spec.retention())
            .map(r -> policies.retention(path + ".retention", r.state(), r.dropAfter(), r.every()))
            .map(Overriding::of));
  }
}

package io.tenantdb.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tenantdb.fleet.AggregateStanding;
import io.tenantdb.fleet.Outcome;
import io.tenantdb.model.Change;
import io.tenantdb.model.Finding;
import io.tenantdb.model.IndexReport;
import io.tenantdb.model.IndexUsage;
import io.tenantdb.model.Plan;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Refusal;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.Template;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What scripts read: {@code tenantdb.plan/v1}, {@code tenantdb.status/v1} and {@code
 * tenantdb.indexes/v1}. Within a version keys are only added.
 */
final class Json {
  private final ObjectMapper mapper = new ObjectMapper();
  private final PrintWriter out;

  Json(PrintWriter out) {
    this.out = out;
  }

  /**
   * Prints a plan.
   *
   * @param script what it does in the tenant that is asked for
   */
  void plan(Outcome outcome, Optional<String> script) {
    Plan plan = outcome.initial();
    ObjectNode root = mapper.createObjectNode().put("schema", "tenantdb.plan/v1");
    script.ifPresent(text -> root.put("script", text));
    ArrayNode templates = root.putArray("templates");
    plan.templates().forEach(template -> template(templates.addObject(), template));
    ObjectNode tenants = root.putObject("tenants");
    for (TenantPlan tenant : plan.tenants()) {
      ObjectNode node = tenants.putObject(tenant.schema());
      node.put("state", pascal(outcome.states().getOrDefault(tenant.schema(), tenant.state())));
      node.put("changes", tenant.changes().size());
      ArrayNode findings = node.putArray("findings");
      tenant.findings().forEach(finding -> finding(findings.addObject(), finding));
    }
    plan.missingSchemas().forEach(schema -> missing(tenants.putObject(schema), schema));
    ArrayNode refused = root.putArray("refused");
    for (Template template : plan.refusedTemplates()) {
      template(refused.addObject().put("reason", reasonOf(plan, template)), template);
    }
    GraphJson.write(
        root.putArray("graph"),
        outcome.observed().graph(),
        plan.tenants().stream().map(TenantPlan::schema).toList());
    print(root);
  }

  void status(Outcome outcome, boolean converged) {
    ServerInfo server = outcome.observed().server();
    ObjectNode root = mapper.createObjectNode().put("schema", "tenantdb.status/v1");
    root.put("converged", converged);
    ObjectNode database = root.putObject("database");
    database.put("serverVersion", server.version());
    database.put("timescale", pascal(server.timescale().edition()));
    database.put("timescaleVersion", server.timescale().version().orElse(null));
    database.put("primary", server.primary());
    ObjectNode tenants = root.putObject("tenants").put("total", outcome.states().size());
    for (TenantState state : TenantState.values()) {
      tenants.put(Text.lower(state), outcome.count(state));
    }
    ArrayNode aggregates = root.putArray("aggregates");
    outcome.aggregates().forEach(standing -> aggregate(aggregates.addObject(), standing));
    ArrayNode failures = root.putArray("failures");
    for (Outcome.Failure failure : outcome.failures()) {
      failures
          .addObject()
          .put("schema", failure.schema())
          .put("object", failure.object())
          .put("reason", failure.reason().name())
          .put("sqlState", failure.sqlState())
          .put("message", failure.message());
    }
    ArrayNode notes = root.putArray("notes");
    for (TenantPlan tenant : outcome.plan().tenants()) {
      tenant.findings().stream()
          .filter(finding -> finding.verdict() == Finding.Verdict.NOTE)
          .forEach(note -> finding(notes.addObject().put("schema", tenant.schema()), note));
    }
    drift(root.putArray("drift"), outcome.plan());
    print(root);
  }

  /** What will be corrected, and what is left alone with the reason. */
  private static void drift(ArrayNode drift, Plan plan) {
    plan.changes().stream()
        .filter(Change::drift)
        .forEach(change -> drift(drift.addObject(), change));
    for (TenantPlan tenant : plan.tenants()) {
      tenant.findings().stream()
          .filter(finding -> finding.verdict() == Finding.Verdict.DRIFTED)
          .forEach(
              finding -> {
                ObjectNode node = drift.addObject();
                refused(plan, tenant.schema(), finding)
                    .ifPresentOrElse(
                        change -> drift(node, change),
                        () ->
                            node.put("schema", tenant.schema())
                                .put("object", finding.object())
                                .putNull("live")
                                .putNull("declared"));
                node.put("reason", finding.reason().name()).put("message", finding.message());
              });
    }
  }

  private static void drift(ObjectNode node, Change change) {
    node.put("schema", change.target().schema())
        .put("object", change.object())
        .put("live", change.before())
        .put("declared", change.after());
  }

  private static Optional<Change> refused(Plan plan, String schema, Finding finding) {
    return plan.refused().stream()
        .filter(refusal -> refusal.reason() == finding.reason())
        .map(Refusal::change)
        .filter(change -> change.target().schema().equals(schema))
        .filter(change -> change.object().equals(finding.object()))
        .findFirst();
  }

  void indexes(IndexReport report) {
    ObjectNode root = mapper.createObjectNode().put("schema", "tenantdb.indexes/v1");
    ObjectNode statistics = root.putObject("statistics");
    statistics.put("since", report.since().map(Instant::toString).orElse(null));
    statistics.put("everReset", report.everReset());
    ArrayNode indexes = root.putArray("indexes");
    report.indexes().forEach(index -> index(indexes.addObject(), index));
    ArrayNode redundancies = root.putArray("redundancies");
    report.redundancies().forEach(one -> redundancy(redundancies.addObject(), one));
    print(root);
  }

  private static void index(ObjectNode node, IndexReport.Index index) {
    IndexUsage usage = index.usage();
    node.put("table", index.table());
    node.put("name", index.name());
    node.put("declared", index.declared());
    node.put("otherNames", index.otherNames());
    node.put("owner", index.owner().orElse(null));
    node.put("definition", index.definition());
    node.put("tenants", usage.tenants());
    node.put("bytes", usage.bytes());
    node.put("largestBytes", usage.largestBytes());
    node.put("scans", usage.scans());
    node.put("unscannedTenants", usage.unscannedTenants());
    node.put("lastScan", usage.lastScan().map(Instant::toString).orElse(null));
    node.put("unused", index.unused());
  }

  private static void redundancy(ObjectNode node, IndexReport.Redundancy redundancy) {
    node.put("kind", redundancy.kind().text());
    node.put("table", redundancy.table());
    node.put("index", redundancy.index());
    node.put("by", redundancy.by());
    ArrayNode columns = node.putArray("columns");
    redundancy.columns().forEach(columns::add);
    node.put("bySpec", redundancy.bySpec());
    node.put("tenants", redundancy.tenants());
    node.put("message", redundancy.message());
  }

  private void template(ObjectNode node, Template template) {
    node.put("id", template.id());
    node.put("kind", template.kind());
    node.put("object", template.object());
    node.put("before", template.before());
    node.put("after", template.after());
    node.put("hazard", pascal(template.hazard()));
    node.put("sql", template.sqlPattern());
    ArrayNode schemas = node.putArray("schemas");
    template.schemas().forEach(schemas::add);
  }

  private static void aggregate(ObjectNode node, AggregateStanding standing) {
    node.put("name", standing.name());
    node.put("continuous", standing.continuous());
    node.put("unfilled", standing.unfilled());
    node.put("materializedViews", standing.materializedViews());
    node.put("overdue", standing.overdue());
    node.put("oldestRefresh", standing.oldestRefresh().map(Instant::toString).orElse(null));
    node.put("skipped", standing.skipped());
    node.put("why", standing.why().orElse(null));
  }

  private void finding(ObjectNode node, Finding finding) {
    node.put("verdict", pascal(finding.verdict()));
    node.put("object", finding.object());
    node.put("reason", finding.reason().name());
    node.put("sqlState", finding.sqlState());
    node.put("message", finding.message());
  }

  private void missing(ObjectNode node, String schema) {
    node.put("state", pascal(TenantState.FAILED)).put("changes", 0);
    finding(
        node.putArray("findings").addObject(),
        new Finding(
            Finding.Verdict.FAILED,
            "",
            Reason.SchemaMissing,
            "",
            "The schema " + schema + " of spec.tenants.schemas does not exist."));
  }

  private static String reasonOf(Plan plan, Template template) {
    return plan.refused().stream()
        .filter(refusal -> refusal.change().object().equals(template.object()))
        .filter(refusal -> refusal.change().kind().equals(template.kind()))
        .map(refusal -> refusal.reason().name())
        .findFirst()
        .orElseThrow();
  }

  /** {@code BLOCKS_WRITES} as {@code BlocksWrites}, as enum values are written in the resource. */
  static String pascal(Enum<?> value) {
    List<String> words = Arrays.asList(value.name().split("_"));
    return words.stream()
        .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
        .collect(Collectors.joining());
  }

  private void print(ObjectNode root) {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    try {
      out.println(
          mapper
              .writer(
                  new DefaultPrettyPrinter()
                      .withObjectIndenter(indenter)
                      .withArrayIndenter(indenter))
              .writeValueAsString(root));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
    out.flush();
  }
}

package io.tenantdb.cli;

import io.tenantdb.model.Change;
import io.tenantdb.model.Plan;
import io.tenantdb.model.TenantPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a plan does in one tenant, as a file for psql.
 *
 * @param plan the plan
 * @param schema the tenant
 */
record TenantScript(Plan plan, String schema) {

  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}&&[^\\n\\t]]");

  /** Whether a terminal can be shown it: names and comments are the tenant's. */
  boolean printable() {
    return !CONTROL.matcher(text()).find();
  }

  /** The file. */
  String text() {
    List<Change> changes =
        plan.tenants().stream()
            .filter(tenant -> tenant.schema().equals(schema))
            .map(TenantPlan::changes)
            .findFirst()
            .orElseThrow(
                () ->
                    new CliException("spec.tenants selects no schema of the name " + schema + "."));
    List<String> out = new ArrayList<>();
    out.add(remark("In " + schema + ": " + Text.count(changes.size(), "change", "changes") + "."));
    out.add("-- For psql. Leave the line with the backslash out in another client, and have each");
    out.add("-- statement committed by itself: they refuse where what they need was not done.");
    out.add("\\set ON_ERROR_STOP on");
    out.add("SET standard_conforming_strings = on;");
    out.add("SET statement_timeout = 0;");
    for (Change change : changes) {
      out.add("");
      out.add(remark(change.kind() + " " + change.object()));
      out.add(change.script());
    }
    plan.refused().stream()
        .filter(refusal -> refusal.change().target().schema().equals(schema))
        .forEach(
            refusal -> {
              out.add("");
              out.add(
                  remark(
                      refusal.change().kind()
                          + " "
                          + refusal.change().object()
                          + ", refused ("
                          + refusal.reason()
                          + "); without the dashes it is done all the same:"));
              out.add(
                  refusal
                      .change()
                      .script()
                      .lines()
                      .map(line -> "-- " + line)
                      .collect(Collectors.joining("\n")));
            });
    return String.join("\n", out) + "\n";
  }

  /** A name with a line break would end the comment, and what follows it would be SQL. */
  private static String remark(String text) {
    return "-- " + text.replaceAll("[\\p{Cntrl}\\u0085\\u2028\\u2029]", "?");
  }
}

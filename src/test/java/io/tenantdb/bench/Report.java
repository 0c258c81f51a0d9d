package io.tenantdb.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Prints the figures, for people and for programs. */
final class Report {

  private Report() {}

  static void print(PrintStream out, int tenants, List<Measured> all)
      throws JsonProcessingException {
    ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    ObjectNode document = json.createObjectNode().put("schema", "tenantdb.bench/v1");
    document.put("tenants", tenants).put("processors", Runtime.getRuntime().availableProcessors());
    ArrayNode figures = document.putArray("figures");
    out.println();
    out.printf(
        "%-16s %9s   %-38s %9s   %7s   %s%n",
        "what", "seconds", "against", "seconds", "ratio", "goal");
    for (Measured m : all) {
      out.printf(
          Locale.ROOT,
          "%-16s %9.3f   %-38s %9.3f   %6.3f×   ≤ %s ×%n",
          m.what(),
          m.seconds(),
          m.baseline(),
          m.baselineSeconds(),
          m.ratio(),
          m.goal());
      figures
          .addObject()
          .put("what", m.what())
          .put("seconds", m.seconds())
          .put("baseline", m.baseline())
          .put("baselineSeconds", m.baselineSeconds())
          .put("ratio", m.ratio())
          .put("goal", m.goal());
    }
    out.println();
    out.println(json.writeValueAsString(document));
  }
}

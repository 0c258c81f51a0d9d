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

  static void print(
      PrintStream out, int tenants, List<Measured> engine, List<Growth> growth, List<Figure> atRest)
      throws JsonProcessingException {
    ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    ObjectNode document = json.createObjectNode().put("schema", "tenantdb.bench/v1");
    document.put("tenants", tenants).put("processors", Runtime.getRuntime().availableProcessors());
    if (!engine.isEmpty()) {
      engine(out, engine, document.putArray("figures"));
    }
    if (!growth.isEmpty()) {
      growth(out, growth, document.putArray("growth"));
    }
    if (!atRest.isEmpty()) {
      figures(out, "at rest", atRest, document.putArray("atRest"));
    }
    out.println();
    out.println(json.writeValueAsString(document));
  }

  /** How long others wait for builds. */
  static void print(PrintStream out, List<Figure> waits) throws JsonProcessingException {
    ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    ObjectNode document = json.createObjectNode().put("schema", "tenantdb.bench/v1");
    figures(out, "beside a build", waits, document.putArray("yield"));
    out.println();
    out.println(json.writeValueAsString(document));
  }

  private static void engine(PrintStream out, List<Measured> all, ArrayNode figures) {
    out.println();
    out.printf(
        "%-16s %9s   %-38s %9s   %7s   %s%n",
        "what", "seconds", "against", "seconds", "ratio", "goal");
    for (Measured m : all) {
      out.printf(
          Locale.ROOT,
          "%-16s %9.3f   %-38s %9.3f   %6.3f×   %s%n",
          m.what(),
          m.seconds(),
          m.baseline(),
          m.baselineSeconds(),
          m.ratio(),
          m.goal().isPresent() ? "≤ " + m.goal().getAsDouble() + " ×" : "");
      ObjectNode figure =
          figures
              .addObject()
              .put("what", m.what())
              .put("seconds", m.seconds())
              .put("baseline", m.baseline())
              .put("baselineSeconds", m.baselineSeconds())
              .put("ratio", m.ratio());
      m.goal().ifPresent(goal -> figure.put("goal", goal));
    }
    out.println();
    out.println(
        "first apply: once, as the process starts, tables and catalogs not analysed. nothing to do:"
            + " the median of the repeats, warm, after VACUUM ANALYZE and CHECKPOINT.");
  }

  private static void growth(PrintStream out, List<Growth> all, ArrayNode figures) {
    out.println();
    for (Growth g : all) {
      out.printf(
          Locale.ROOT,
          "%-16s from %,d to %,d tenants: %.3f s → %.3f s, %.2f-fold (≤ %.1f)%n",
          g.what(),
          g.from(),
          g.to(),
          g.seconds(),
          g.moreSeconds(),
          g.factor(),
          g.goal());
      figures
          .addObject()
          .put("what", g.what())
          .put("from", g.from())
          .put("to", g.to())
          .put("factor", g.factor())
          .put("goal", g.goal());
    }
  }

  private static void figures(PrintStream out, String title, List<Figure> all, ArrayNode figures) {
    out.println();
    out.printf("%-36s %9s %-7s %-7s %s%n", title, "", "", "goal", "");
    for (Figure figure : all) {
      out.println(
          String.format(
                  Locale.ROOT,
                  "%-36s %9.2f %-7s %-7s %s",
                  figure.what(),
                  figure.value(),
                  figure.unit(),
                  figure.goal().isPresent() ? "≤ %.0f".formatted(figure.goal().getAsDouble()) : "",
                  figure.note().orElse(""))
              .stripTrailing());
      ObjectNode node =
          figures
              .addObject()
              .put("what", figure.what())
              .put("value", figure.value())
              .put("unit", figure.unit());
      figure.goal().ifPresent(goal -> node.put("goal", goal));
      figure.note().ifPresent(note -> node.put("note", note));
    }
  }
}

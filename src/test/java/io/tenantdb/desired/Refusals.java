package io.tenantdb.desired;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** What a resolution says of a spec; nothing where it takes it. */
final class Refusals {

  private Refusals() {}

  static List<String> chunkInterval(String text) {
    return problems(hypertable("chunkInterval: \"" + text.replace("\n", "\\n") + "\""));
  }

  static String hypertable(String fields) {
    return Specs.BASE + "hypertables: [{table: t, timeColumn: at, " + fields + "}]";
  }

  static List<String> index(String yaml) {
    return problems(Specs.BASE + "indexes: [" + yaml + "]");
  }

  static List<String> aggregate(String fields) {
    return problems(Specs.BASE + "aggregates: [{name: daily, " + fields + "}]");
  }

  static List<String> tenants(String yaml) {
    return problems(
        "database: {host: localhost, name: fruitpak, credentialsSecretRef: {name: fruitpak-db}}\n"
            + "tenants: "
            + yaml);
  }

  static List<String> overrides(String... overrides) {
    return problems(
        """
        database: {host: localhost, name: fruitpak, credentialsSecretRef: {name: fruitpak-db}}
        tenants: {schemas: [a], overrides: [%s]}
        hypertables: [{table: t, timeColumn: at, compression: {after: 30 days}}]
        """
            .formatted(String.join(", ", overrides)));
  }

  static List<String> problems(String yaml) {
    return problems(Specs.tree(yaml));
  }

  static List<String> problems(JsonNode spec) {
    try {
      Resolution.template("platform", "fruitpak", Specs.spec(spec));
      return List.of();
    } catch (InvalidSpecException e) {
      return e.problems();
    }
  }
}

package io.tenantdb.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The statements of a change, for a person. What can be one transaction is one {@link Block}; what
 * cannot ({@code CONCURRENTLY}) stands between blocks, each of which refuses where what it needs is
 * not there. So nothing is lost in a client that goes on after an error, nor by one that is killed,
 * and the same statements run once more go on with what is there.
 */
final class Script {

  private final List<String> steps = new ArrayList<>();
  private boolean takesRole;

  /** The steps of what is one transaction. */
  static List<String> of(Block block) {
    return List.of(block.text());
  }

  /** The role of what is no block; given back in the end. */
  Script role(String role) {
    takesRole = true;
    return add("SET ROLE " + Identifiers.quote(role));
  }

  Script add(String statement) {
    steps.add(statement);
    return this;
  }

  Script add(Block block) {
    return add(block.text());
  }

  /** Steps that run with settings which a transaction cannot be asked to have. */
  Script with(Map<String, String> settings, Consumer<Script> within) {
    settings.forEach((name, value) -> add("SET " + name + " = " + value));
    within.accept(this);
    settings.keySet().forEach(name -> add("RESET " + name));
    return this;
  }

  /** Those under which SQL of a spec's author is read alike everywhere. */
  static Map<String, String> reading(DesiredIndex index, List<String> searchPath) {
    Map<String, String> settings = new TreeMap<>();
    if (index.resolvesNames()) {
      settings.put("search_path", Identifiers.list(searchPath));
    }
    if (!index.plainColumns()) {
      settings.put("TimeZone", "'UTC'");
      settings.put("DateStyle", "'ISO, MDY'");
      settings.put("IntervalStyle", "'postgres'");
    }
    return settings;
  }

  List<String> steps() {
    List<String> all = new ArrayList<>(steps);
    if (takesRole) {
      all.add("RESET ROLE");
    }
    return List.copyOf(all);
  }
}

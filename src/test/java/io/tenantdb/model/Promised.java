package io.tenantdb.model;

import io.tenantdb.model.Effect.Aspect;
import io.tenantdb.model.IndexChange.CreateIndex;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Goes through a tenant's changes as a catalog would, and finds what two of them are to do. */
public final class Promised {

  private final Set<String> live;
  private final Map<String, Set<String>> parts;
  private final Map<String, Change> made = new HashMap<>();
  private final Set<String> set = new HashSet<>();
  private final Set<String> touched = new HashSet<>();

  private Promised(Set<String> live, Map<String, Set<String>> parts) {
    this.live = new HashSet<>(live);
    this.parts = parts;
  }

  /**
   * What is promised twice, or of what is not there; empty where all of it can be kept.
   *
   * @param live the relations that are there, as {@link #name}
   * @param parts names of the parts of an index, by its name
   */
  public static Optional<String> twice(
      List<Change> changes, Set<String> live, Map<String, Set<String>> parts) {
    Promised promised = new Promised(live, parts);
    for (Change change : changes) {
      for (Effect effect : change.effects()) {
        Optional<String> wrong = promised.carryOut(change, effect);
        if (wrong.isPresent()) {
          return Optional.of(wrong.get() + " by " + change + " of " + changes);
        }
      }
      // What it built under a reserved name has its own by now.
      if (builds(change)) {
        promised
            .made
            .entrySet()
            .removeIf(e -> e.getValue() == change && e.getKey().contains("._tdb_b_"));
      }
    }
    return Optional.empty();
  }

  public static String name(String schema, String name) {
    return schema + "." + name;
  }

  private Optional<String> carryOut(Change change, Effect effect) {
    String name = name(effect.schema(), effect.name());
    boolean there = live.contains(name) || made.containsKey(name);
    return switch (effect.kind()) {
      case TAKES -> {
        boolean goesOn = builds(change) && effect.name().startsWith("_tdb_b_");
        live.remove(name);
        boolean twice = (there && !goesOn) || touched.contains(name);
        made.put(name, change);
        yield wrong(twice, name + " is taken");
      }
      case LEAVES -> {
        live.remove(name);
        made.remove(name);
        yield wrong(!there || touched.contains(name), name + " is renamed");
      }
      case DROPS, REPLACES -> {
        boolean twice = !there || made.containsKey(name) || touched.contains(name);
        Set<String> gone = parts.getOrDefault(name, Set.of());
        twice |= gone.stream().anyMatch(touched::contains);
        if (effect.kind() == Effect.Kind.DROPS) {
          live.remove(name);
        } else {
          touched.add(name);
        }
        live.removeAll(gone);
        yield wrong(twice, name + " goes");
      }
      case SETS -> {
        boolean twice = !there && isOfWhatIsThere(effect);
        touched.add(name);
        twice |= !set.add(name + effect.aspect());
        if (effect.aspect() == Aspect.STATISTICS) {
          for (String part : parts.getOrDefault(name, Set.of())) {
            touched.add(part);
            twice |= !set.add(part + effect.aspect());
          }
        }
        yield wrong(twice, name + " " + effect.aspect() + " is set");
      }
    };
  }

  private static boolean isOfWhatIsThere(Effect effect) {
    return effect.aspect() == Aspect.MARK || effect.aspect() == Aspect.STATISTICS;
  }

  private static boolean builds(Change change) {
    return change instanceof CreateIndex || change instanceof IndexReplacement;
  }

  private static Optional<String> wrong(boolean is, String what) {
    return is ? Optional.of(what + " twice, or is not there,") : Optional.empty();
  }
}

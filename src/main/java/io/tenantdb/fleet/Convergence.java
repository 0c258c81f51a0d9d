package io.tenantdb.fleet;

import io.tenantdb.model.Declaration;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Hashes;
import io.tenantdb.model.Observed;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ServerInfo;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What of a spec which tenants have had as declared: small enough for a status, and never more than
 * was so. Every tenant that it vouches for has had every declaration that it vouches for, on the
 * tables that it had then. A tenant that came or went, or had a table made anew, makes it silent on
 * the few that share a digest with it.
 *
 * @param database which database, server and TimescaleDB it was
 * @param declarations the first six bytes of the hash of each, sorted, in Base64
 * @param except tenants that lack one of these, sorted
 * @param digests six bytes for each of a power of two of groups of the other tenants, in Base64
 */
public record Convergence(
    String database, String declarations, List<String> except, String digests) {

  /** At most so many tenants are named. */
  public static final int EXCEPT = 20;

  /** More than these are not vouched for. */
  public static final int DECLARATIONS = 256;

  /** At most so many groups of tenants. */
  public static final int GROUPS = 256;

  /** Characters of Base64 of one declaration or group: six bytes. */
  public static final int CHARACTERS = 8;

  /** So many different histories are no fleet that has converged. */
  private static final int HISTORIES = 200;

  public Convergence {
    except = List.copyOf(except);
  }

  /** What is vouched for, and by how many. */
  private record Choice(Set<Declaration> declarations, Set<String> except, long claims) {}

  /**
   * What can be vouched for; empty where that is nothing.
   *
   * @param had what each tenant has had as declared, by schema
   */
  static Optional<Convergence> of(
      Desired desired, Observed observed, Map<String, Set<Declaration>> had) {
    SortedMap<String, String> there = there(desired, observed);
    Map<Set<Declaration>, List<String>> alike =
        there.keySet().stream()
            .collect(Collectors.groupingBy(schema -> had.getOrDefault(schema, Set.of())));
    return alike.size() > HISTORIES
        ? Optional.empty()
        : best(alike, there.size())
            .map(
                choice -> {
                  there.keySet().removeAll(choice.except());
                  return new Convergence(
                      database(observed.server()),
                      choice.declarations().stream()
                          .map(Convergence::hash)
                          .sorted()
                          .limit(DECLARATIONS)
                          .collect(Collectors.joining()),
                      List.copyOf(choice.except()),
                      String.join("", digests(there, groups(there.size()))));
                });
  }

  /** The more is vouched for, the fewer tenants have had all of it: the most of both. */
  private static Optional<Choice> best(Map<Set<Declaration>, List<String>> alike, int tenants) {
    Set<Declaration> declarations = new HashSet<>();
    alike.keySet().forEach(declarations::addAll);
    Optional<Choice> best = Optional.empty();
    while (!declarations.isEmpty()) {
      Set<String> except = new TreeSet<>();
      Map<Declaration, Integer> lacking = new HashMap<>();
      alike.forEach(
          (had, schemas) -> {
            List<Declaration> lacks = declarations.stream().filter(d -> !had.contains(d)).toList();
            lacks.forEach(d -> lacking.merge(d, schemas.size(), Integer::sum));
            if (!lacks.isEmpty()) {
              except.addAll(schemas);
            }
          });
      long claims = (long) declarations.size() * (tenants - except.size());
      if (except.size() <= EXCEPT && claims > 0 && claims >= best.map(Choice::claims).orElse(0L)) {
        best = Optional.of(new Choice(Set.copyOf(declarations), except, claims));
      }
      if (lacking.isEmpty()) {
        break;
      }
      int most = lacking.values().stream().mapToInt(Integer::intValue).max().orElseThrow();
      declarations.removeIf(d -> lacking.getOrDefault(d, 0) == most);
    }
    return best;
  }

  /** The tenants that it vouches for among those that are there. */
  Set<String> tenants(Desired desired, Observed observed) {
    SortedMap<String, String> there = there(desired, observed);
    there.keySet().removeAll(except);
    int groups = digests.length() / CHARACTERS;
    if (Integer.bitCount(groups) != 1 || digests.length() % CHARACTERS != 0) {
      return Set.of();
    }
    List<String> now = digests(there, groups);
    return there.keySet().stream()
        .filter(
            schema -> {
              int group = group(schema, groups);
              return digests.startsWith(now.get(group), group * CHARACTERS);
            })
        .collect(Collectors.toSet());
  }

  /** True where each of these tenants has had it as declared. */
  boolean vouchesFor(Declaration declaration) {
    String hash = hash(declaration);
    for (int i = 0; i + CHARACTERS <= declarations.length(); i += CHARACTERS) {
      if (declarations.startsWith(hash, i)) {
        return true;
      }
    }
    return false;
  }

  /** Which database, server and TimescaleDB it is. */
  static String database(ServerInfo server) {
    return server.systemIdentifier().orElse("-")
        + "/"
        + server.databaseOid()
        + "/"
        + server.timescale().edition()
        + server.timescale().version().map(version -> " " + version).orElse("");
  }

  /** Those that have all declared tables, each with what tells it from another of its name. */
  private static SortedMap<String, String> there(Desired desired, Observed observed) {
    Set<String> declared = desired.tables();
    SortedMap<String, String> there = new TreeMap<>();
    for (ObservedTenant tenant : observed.tenants().values()) {
      String tables =
          tenant.tables().values().stream()
              .filter(Convergence::isTable)
              .map(table -> table.name() + "=" + table.oid())
              .sorted()
              .collect(Collectors.joining("\n"));
      if (!tables.isEmpty() && tenant.tables().keySet().containsAll(declared)) {
        there.put(tenant.schema(), tenant.schema() + "\n" + tables);
      }
    }
    return there;
  }

  /** What an aggregate is made of; it goes itself when somebody drops it. */
  private static boolean isTable(ObservedTable table) {
    return table.kind() == ObservedTable.Kind.ORDINARY
        || table.kind() == ObservedTable.Kind.PARTITIONED;
  }

  private static int groups(int tenants) {
    // Several for each, where they are few: one that comes meanwhile is seldom in the same.
    return Math.min(GROUPS, 4 * Integer.highestOneBit(Math.max(1, 2 * tenants - 1)));
  }

  private static int group(String schema, int groups) {
    return Math.floorMod((schema.hashCode() * 0x9E3779B9) >>> 16, groups);
  }

  private static List<String> digests(SortedMap<String, String> tenants, int groups) {
    List<StringBuilder> texts = new ArrayList<>();
    for (int i = 0; i < groups; i++) {
      texts.add(new StringBuilder());
    }
    tenants.forEach((schema, is) -> texts.get(group(schema, groups)).append(is).append("\n\n"));
    return texts.stream().map(text -> sixBytes(text.toString())).toList();
  }

  private static String hash(Declaration declaration) {
    return sixBytes(
        String.join(
            "\n",
            declaration.kind().name(),
            declaration.table(),
            declaration.name(),
            declaration.spec()));
  }

  private static String sixBytes(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(Hashes.bytes(text, 6));
  }
}

package io.tenantdb.model;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The difference between what is declared and what is live.
 *
 * @param tenants one plan a tenant, sorted by schema
 * @param refused changes that are needed and that {@code safety} refuses; not among the tenants'
 *     changes
 * @param missingSchemas declared schemas that do not exist
 * @param upkeep what is done on schedule; no difference, and so in no template and no state
 * @param names what tenants use of each other, for texts that are the same in all of them
 */
public record Plan(
    List<TenantPlan> tenants,
    List<Refusal> refused,
    List<String> missingSchemas,
    Upkeep upkeep,
    SharedNames names) {

  /** No tenant's schema is in the search path. */
  public Plan(
      List<TenantPlan> tenants, List<Refusal> refused, List<String> missingSchemas, Upkeep upkeep) {
    this(tenants, refused, missingSchemas, upkeep, SharedNames.NONE);
  }

  /** A plan without upkeep. */
  public Plan(List<TenantPlan> tenants, List<Refusal> refused, List<String> missingSchemas) {
    this(tenants, refused, missingSchemas, Upkeep.NONE);
  }

  /**
   * Refreshes of materialized views.
   *
   * @param due those whose time has come, the longest overdue first
   * @param next when the next one will be due; empty where none will
   */
  public record Upkeep(
      List<MaterializedViewChange.RefreshMaterializedView> due, Optional<Instant> next) {

    /** Nothing is refreshed by us. */
    public static final Upkeep NONE = new Upkeep(List.of(), Optional.empty());

    public Upkeep {
      due = List.copyOf(due);
    }
  }

  public Plan {
    tenants = List.copyOf(tenants);
    refused = List.copyOf(refused);
    missingSchemas = List.copyOf(missingSchemas);
  }

  /** True when nothing is to be done, refused changes included. */
  public boolean empty() {
    return refused.isEmpty() && tenants.stream().allMatch(tenant -> tenant.changes().isEmpty());
  }

  /** All changes, tenant by tenant. */
  public List<Change> changes() {
    return tenants.stream().flatMap(tenant -> tenant.changes().stream()).toList();
  }

  /** How many tenants are in the state. */
  public long count(TenantState state) {
    return tenants.stream().filter(tenant -> tenant.state() == state).count();
  }

  /** The changes as templates × tenants, in the order in which they are first met. */
  public List<Template> templates() {
    return templates(changes());
  }

  /** The refused changes as templates × tenants. */
  public List<Template> refusedTemplates() {
    return templates(refused.stream().map(Refusal::change).toList());
  }

  /** The changes that are refused for one of the reasons, as templates × tenants. */
  public List<Template> refusedTemplates(Set<Reason> reasons) {
    return templates(
        refused.stream().filter(r -> reasons.contains(r.reason())).map(Refusal::change).toList());
  }

  /**
   * First 32 hex digits of SHA-256 over the sorted ids of all templates, refused ones too, one a
   * line.
   */
  public String hash() {
    TreeSet<String> ids =
        Stream.concat(changes().stream(), refused.stream().map(Refusal::change))
            .map(this::key)
            .distinct()
            .map(Key::id)
            .collect(Collectors.toCollection(TreeSet::new));
    return Hashes.hex32(ids.stream().map(id -> id + "\n").collect(Collectors.joining()));
  }

  private Key key(Change change) {
    String schema = change.target().schema();
    return new Key(
        change.kind(),
        change.object(),
        names.text(schema, change.before()),
        names.text(schema, change.after()),
        change.hazard());
  }

  private List<Template> templates(Collection<Change> changes) {
    Map<Key, List<Change>> groups =
        changes.stream()
            .collect(Collectors.groupingBy(this::key, LinkedHashMap::new, Collectors.toList()));
    Function<Map.Entry<Key, List<Change>>, Template> toTemplate =
        e -> e.getKey().template(e.getValue());
    return groups.entrySet().stream().map(toTemplate).toList();
  }

  private record Key(String kind, String object, String before, String after, Hazard hazard) {
    String id() {
      return Hashes.hex16(String.join("\0", kind, object, before, after, hazard.name()));
    }

    Template template(List<Change> changes) {
      return new Template(
          id(),
          kind,
          object,
          before,
          after,
          hazard,
          sql(changes),
          changes.stream().map(change -> change.target().schema()).sorted().distinct().toList());
    }

    /**
     * Tenants that differ in what the change is about (partitions, a person's comment) have SQL of
     * their own, with their names above it; the most common one comes last, as that of the others.
     */
    private static String sql(List<Change> changes) {
      // Equal changes have one script: it is not written thousands of times to be compared.
      Map<Change, List<String>> same =
          changes.stream()
              .collect(
                  Collectors.groupingBy(
                      Change::anyTenant,
                      LinkedHashMap::new,
                      Collectors.mapping(change -> change.target().schema(), Collectors.toList())));
      Map<String, List<String>> variants = new LinkedHashMap<>();
      same.forEach(
          (change, schemas) ->
              variants
                  .computeIfAbsent(
                      change.script().replace("\"<schema>\"", "<schema>"),
                      script -> new ArrayList<>())
                  .addAll(schemas));
      if (variants.size() == 1) {
        return variants.keySet().iterator().next();
      }
      List<Map.Entry<String, List<String>>> rareFirst =
          variants.entrySet().stream()
              .sorted(Comparator.comparing(e -> e.getValue().size()))
              .toList();
      StringBuilder out = new StringBuilder();
      rareFirst
          .subList(0, rareFirst.size() - 1)
          .forEach(e -> out.append(heading(e.getValue())).append(e.getKey()).append('\n'));
      return out + "-- in the others:\n" + rareFirst.get(rareFirst.size() - 1).getKey();
    }

    /** A name with a line break would end the comment, and what follows it would be SQL. */
    private static String heading(List<String> schemas) {
      return "-- in " + String.join(", ", schemas).replaceAll("\\p{Cntrl}", "?") + ":\n";
    }
  }
}

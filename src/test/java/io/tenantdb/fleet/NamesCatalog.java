package io.tenantdb.fleet;

import io.tenantdb.model.AggregateChange.MarkAggregate;
import io.tenantdb.model.Canonical;
import io.tenantdb.model.Canonical.AggregateKey;
import io.tenantdb.model.Canonical.IndexKey;
import io.tenantdb.model.CanonicalAggregate;
import io.tenantdb.model.CanonicalIndex;
import io.tenantdb.model.CanonicalInterval;
import io.tenantdb.model.Change;
import io.tenantdb.model.Desired;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.DropLeftover;
import io.tenantdb.model.IndexChange.MarkIndex;
import io.tenantdb.model.IndexChange.PublishIndex;
import io.tenantdb.model.IndexChange.RenameIndex;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.IndexSetting.DropIndex;
import io.tenantdb.model.IndexSetting.SetAsideIndex;
import io.tenantdb.model.IndexSetting.UnmarkIndex;
import io.tenantdb.model.Mark;
import io.tenantdb.model.MaterializedViewChange.CreateMaterializedView;
import io.tenantdb.model.Observed;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant;
import io.tenantdb.model.ObservedTenant.NamedRelation;
import io.tenantdb.model.PruneChange.DropAggregate;
import io.tenantdb.model.PruneChange.UnmarkAggregate;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.ServerInfo;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.ServerInfo.Timescale;
import io.tenantdb.model.ViewText;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The relations of one tenant, as far as names go: what a reading would say of them, and what each
 * step of a change does to them. A name that is taken and an object that is missing are errors, as
 * they are on a server.
 */
final class NamesCatalog {

  static final String SCHEMA = "tenant_a";
  private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

  private final Map<String, Index> indexes = new TreeMap<>();
  private final Map<String, View> views = new TreeMap<>();
  private final Set<String> sequences = new HashSet<>();
  private long oids = 100;

  /** An index. */
  record Index(long oid, String table, IndexBody body, boolean valid, String comment) {
    Optional<Mark> mark() {
      return Mark.parse(comment).filter(mark -> mark.table().equals(table));
    }

    Index with(String text) {
      return new Index(oid, table, body, valid, text);
    }
  }

  private record View(long oid, String query, String comment) {}

  /** What a server would have refused. */
  static final class RefusedByServer extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RefusedByServer(String message) {
      super(message);
    }
  }

  Map<String, Index> indexes() {
    return Map.copyOf(indexes);
  }

  Set<String> views() {
    return Set.copyOf(views.keySet());
  }

  Set<String> relations() {
    Set<String> all = new HashSet<>(indexes.keySet());
    all.addAll(views.keySet());
    all.addAll(sequences);
    all.addAll(NamesDraw.TABLES);
    return all;
  }

  /** Of no aggregate and of no reserved name, with their tables. */
  Map<String, String> publicIndexes() {
    return indexes.entrySet().stream()
        .filter(e -> !e.getKey().startsWith(ReservedName.PREFIX))
        .filter(e -> !views.containsKey(e.getValue().table()))
        .collect(
            Collectors.toMap(
                Map.Entry::getKey, e -> e.getValue().table(), (a, b) -> a, TreeMap::new));
  }

  static IndexBody body(boolean unique, List<String> columns) {
    return new IndexBody(unique, "USING btree (" + String.join(", ", columns) + ")");
  }

  private static IndexBody body(DesiredIndex index) {
    return body(
        index.unique(), index.keys().stream().map(key -> key.column().orElseThrow()).toList());
  }

  // What a person does.

  void person(String sql) {
    String[] words = sql.split(" ", -1);
    if (sql.startsWith("ALTER INDEX")) {
      rename(words[2], words[5]);
    } else if (sql.startsWith("CREATE INDEX")) {
      create(words[2], words[4], body(false, List.of(columns(sql))), true, "");
    } else if (sql.startsWith("CREATE SEQUENCE")) {
      free(words[2]);
      sequences.add(words[2]);
    } else if (sql.startsWith("DROP INDEX")) {
      drop(words[2]);
    } else if (sql.startsWith("COMMENT ON INDEX")) {
      comment(words[3], "");
    } else if (sql.startsWith("ALTER SEQUENCE")) {
      free(words[5]);
      sequences.remove(words[2]);
      sequences.add(words[5]);
    } else if (sql.startsWith("DROP MATERIALIZED VIEW")) {
      dropView(words[3]);
    } else {
      throw new IllegalArgumentException(sql);
    }
  }

  boolean isSequence(String name) {
    return sequences.contains(name);
  }

  private static String[] columns(String sql) {
    return sql.substring(sql.indexOf('(') + 1, sql.indexOf(')')).split(", ", -1);
  }

  // What a change does, in steps each of which is all or nothing.

  List<Runnable> steps(Change change, boolean small) {
    List<Runnable> steps = new ArrayList<>();
    if (change instanceof CreateIndex create) {
      build(create, steps);
      steps.add(() -> publish(create));
      return small ? List.of(() -> steps.forEach(Runnable::run)) : steps;
    }
    if (change instanceof IndexReplacement replacement) {
      CreateIndex build = replacement.build();
      build(build, steps);
      String name = build.index().name();
      steps.add(
          () -> {
            rename(name, replacement.old().retiredName());
            comment(build.reservedName(), build.mark().above(replacement.old().comment()));
            rename(build.reservedName(), name);
          });
      if (!replacement.old().stays()) {
        steps.add(() -> drop(replacement.old().retiredName()));
      }
      return steps;
    }
    steps.add(() -> apply(change));
    return steps;
  }

  private void build(CreateIndex create, List<Runnable> steps) {
    String name = create.reservedName();
    steps.add(
        () -> {
          if (indexes.containsKey(name) && !indexes.get(name).valid()) {
            drop(name);
          }
          if (!indexes.containsKey(name)) {
            create(name, create.target().table(), body(create.index()), false, "");
          }
        });
    steps.add(
        () -> {
          Index built = indexes.get(name);
          indexes.put(
              name, new Index(built.oid(), built.table(), built.body(), true, built.comment()));
        });
  }

  private void publish(CreateIndex create) {
    create.displaces().ifPresent(this::apply);
    comment(create.reservedName(), create.mark().text());
    rename(create.reservedName(), create.index().name());
  }

  private void apply(Change change) {
    if (change instanceof PublishIndex publish) {
      publish.displaces().ifPresent(this::apply);
      comment(publish.reservedName(), publish.mark().text());
      rename(publish.reservedName(), publish.name());
    } else if (change instanceof RenameIndex rename) {
      requireOurs(rename.liveName());
      rename(rename.liveName(), rename.name());
    } else if (change instanceof SetAsideIndex aside) {
      requireOurs(aside.name());
      rename(aside.name(), aside.reservedName());
    } else if (change instanceof MarkIndex mark) {
      comment(mark.name(), mark.mark().above(mark.comment()));
    } else if (change instanceof UnmarkIndex unmark) {
      comment(unmark.name(), Mark.without(unmark.comment()));
    } else if (change instanceof DropLeftover leftover) {
      drop(leftover.reservedName());
    } else if (change instanceof DropIndex drop) {
      requireOurs(drop.name());
      drop(drop.name());
    } else if (change instanceof CreateMaterializedView create) {
      DesiredIndex unique = create.aggregate().uniqueIndex().orElseThrow();
      free(create.target().table());
      views.put(
          create.target().table(),
          new View(oids++, create.aggregate().viewQuery(), create.mark().text()));
      create(unique.name(), create.target().table(), body(unique), true, create.indexMark().text());
    } else if (change instanceof MarkAggregate mark) {
      View view = views.get(mark.target().table());
      views.put(
          mark.target().table(),
          new View(view.oid(), view.query(), mark.mark().above(view.comment())));
    } else if (change instanceof DropAggregate drop) {
      dropView(drop.target().table());
    } else if (change instanceof UnmarkAggregate unmark) {
      View view = views.get(unmark.target().table());
      views.put(
          unmark.target().table(),
          new View(view.oid(), view.query(), Mark.without(unmark.comment())));
    } else {
      throw new IllegalArgumentException(change.kind());
    }
  }

  private void requireOurs(String name) {
    there(name);
    if (indexes.get(name).mark().filter(m -> m.origin() == Mark.Origin.MADE).isEmpty()) {
      throw new AssertionError(name + " is not ours: " + indexes.get(name));
    }
  }

  private void create(String name, String table, IndexBody body, boolean valid, String comment) {
    free(name);
    if (!views.containsKey(table) && !NamesDraw.TABLES.contains(table)) {
      throw new RefusedByServer("no " + table);
    }
    indexes.put(name, new Index(oids++, table, body, valid, comment));
  }

  private void rename(String from, String to) {
    there(from);
    free(to);
    indexes.put(to, indexes.remove(from));
  }

  private void comment(String name, String text) {
    there(name);
    indexes.put(name, indexes.get(name).with(text));
  }

  private void drop(String name) {
    there(name);
    indexes.remove(name);
  }

  private void dropView(String name) {
    if (views.remove(name) == null) {
      throw new RefusedByServer("no " + name);
    }
    indexes.values().removeIf(index -> index.table().equals(name));
  }

  private void there(String name) {
    if (!indexes.containsKey(name)) {
      throw new RefusedByServer("no " + name);
    }
  }

  private void free(String name) {
    if (relations().contains(name)) {
      throw new RefusedByServer(name + " is taken");
    }
  }

  // What a reading says.

  Observed observed(Desired desired) {
    Set<String> declared = new HashSet<>(desired.relations());
    Set<String> names = new HashSet<>();
    Set<String> aggregates = new HashSet<>();
    desired.indexes().forEach(index -> names.add(index.name()));
    for (DesiredAggregate aggregate : desired.aggregates()) {
      names.add(aggregate.name());
      aggregates.add(aggregate.name());
      aggregate.uniqueIndex().ifPresent(index -> names.add(index.name()));
    }
    Map<String, ObservedTable> tables = new HashMap<>();
    List<ObservedTable> undeclared = new ArrayList<>();
    Map<String, ObservedAggregate> live = new HashMap<>();
    List<ObservedAggregate> leaving = new ArrayList<>();
    Set<String> relations = new HashSet<>(NamesDraw.TABLES);
    relations.addAll(views.keySet());
    sequences.stream().filter(declared::contains).forEach(relations::add);
    for (String relation : relations) {
      ObservedTable table = table(relation);
      boolean leaves =
          views.containsKey(relation)
              && !aggregates.contains(relation)
              && Mark.parse(views.get(relation).comment()).isPresent();
      if (aggregates.contains(relation) && views.containsKey(relation)) {
        live.put(relation, aggregate(relation, true));
      } else if (leaves) {
        leaving.add(aggregate(relation, false));
      }
      if (declared.contains(relation)) {
        tables.put(relation, table);
      } else if (leaves || table.hasMarkOf(desired.ownerId())) {
        undeclared.add(table);
      }
    }
    Map<String, NamedRelation> named = new HashMap<>();
    indexes.forEach(
        (name, index) ->
            named.put(name, new NamedRelation(name, "index", Optional.of(index.table()))));
    views
        .keySet()
        .forEach(
            name ->
                named.put(name, new NamedRelation(name, "materialized view", Optional.empty())));
    sequences.forEach(
        name -> named.put(name, new NamedRelation(name, "sequence", Optional.empty())));
    named.keySet().removeIf(name -> !names.contains(name) && !name.startsWith(ReservedName.PREFIX));
    TreeMap<String, ObservedTenant> tenants = new TreeMap<>();
    tenants.put(
        SCHEMA,
        new ObservedTenant(SCHEMA, tables, live, undeclared, leaving, named, "", Set.of("app")));
    ServerInfo server =
        new ServerInfo(
            "17.5",
            170005,
            new Timescale(Edition.NONE, Optional.empty(), Optional.empty()),
            Optional.empty(),
            5,
            true,
            "operator",
            false,
            true,
            true);
    return new Observed(
        server,
        NOW,
        tenants,
        Set.of(),
        Map.of(),
        Map.of("app", new OwnerRights(true, false, true)));
  }

  private ObservedTable table(String name) {
    boolean view = views.containsKey(name);
    return new ObservedTable(
        1,
        name,
        view
            ? ObservedTable.Kind.MATERIALIZED_VIEW
            : sequences.contains(name) ? ObservedTable.Kind.OTHER : ObservedTable.Kind.ORDINARY,
        "app",
        "sig",
        "con",
        1,
        false,
        List.of(),
        false,
        indexes.entrySet().stream()
            .filter(e -> e.getValue().table().equals(name))
            .map(e -> observed(e.getKey(), e.getValue()))
            .toList(),
        Optional.empty());
  }

  private static ObservedIndex observed(String name, Index index) {
    return new ObservedIndex(
        index.oid(),
        name,
        Optional.of(index.body()),
        index.valid(),
        false,
        Optional.empty(),
        index.body().unique() ? Set.of("grower_id") : Set.of(),
        index.comment(),
        index.mark());
  }

  private ObservedAggregate aggregate(String name, boolean withText) {
    View view = views.get(name);
    return new ObservedAggregate(
        view.oid(),
        name,
        ObservedAggregate.Kind.MATERIALIZED_VIEW,
        "app",
        withText ? Optional.of(new ViewText(view.query())) : Optional.empty(),
        true,
        true,
        Optional.empty(),
        List.of(),
        view.comment(),
        Mark.parse(view.comment()));
  }

  Canonical canonical(Desired desired, Observed observed) {
    ObservedTenant tenant = observed.tenants().get(SCHEMA);
    Map<IndexKey, CanonicalIndex> forms = new HashMap<>();
    List<DesiredIndex> all = new ArrayList<>(desired.indexes());
    desired.aggregates().forEach(aggregate -> aggregate.uniqueIndex().ifPresent(all::add));
    for (DesiredIndex index : all) {
      forms.put(
          new IndexKey("sig", "", index.specHash()),
          new CanonicalIndex.Buildable(body(index), Set.of(body(index))));
    }
    Map<AggregateKey, CanonicalAggregate> queries = new HashMap<>();
    for (DesiredAggregate aggregate : desired.aggregates()) {
      for (String query : aggregate.queries()) {
        String source =
            NamesDraw.TABLES.stream()
                .filter(table -> query.contains("FROM " + table + " "))
                .findFirst()
                .orElseThrow();
        queries.put(
            AggregateKey.of(tenant, aggregate, query),
            new CanonicalAggregate.Buildable(
                new ViewText(query),
                List.of("grower_id", "n"),
                List.of(new CanonicalAggregate.Source(Optional.empty(), source)),
                Optional.empty(),
                Optional.empty()));
      }
    }
    Map<String, CanonicalInterval> intervals = new HashMap<>();
    for (String text : List.of("1 hour", "7 days")) {
      intervals.put(
          text,
          new CanonicalInterval(text, 3_600_000_000L, NOW.minusSeconds(3600), Optional.empty()));
    }
    return new Canonical(forms, queries, intervals);
  }
}

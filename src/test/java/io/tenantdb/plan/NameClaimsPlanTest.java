package io.tenantdb.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.OnDrift;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredHypertable.Convert;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.ObservedTenant.NamedRelation;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.ServerInfo.Edition;
import io.tenantdb.model.TenantPlan;
import io.tenantdb.model.TenantState;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** (who has the declared names) → who makes room, in which order, and what is said. */
class NameClaimsPlanTest {

  private static final DesiredIndex IX = World.index("ix", "a");
  private static final DesiredIndex IY = World.index("iy", "b");
  private static final String ASIDE = ReservedName.aside("u", "ix").text();

  /**
   * One row.
   *
   * @param changes as {@code Kind object}, in order
   * @param said parts of what is found, one of each finding but those about what left the spec
   */
  private record Row(String says, Consumer<World> world, List<String> changes, List<String> said) {}

  private static Row row(String says, Consumer<World> world, List<String> changes, String... said) {
    return new Row(says, world, changes, List.of(said));
  }

  private static final List<Row> TABLE =
      List.of(
          row(
              "what left the spec makes room in the transaction that publishes the new one",
              moved(pruning()),
              List.of("CreateIndex t.ix")),
          row(
              "without leave to prune a person is told how to give it",
              moved(w -> {}),
              List.of(),
              "taken by an index of u, which the spec declares no more; set spec.safety.prune:"
                  + " OwnedOnly and onDestructive: Allow"),
          row(
              "nor while another resource keeps it",
              moved(w -> w.prune = Prune.SUSPENDED),
              List.of(),
              "it stays as long as another resource"),
          row(
              "under Deny nothing makes room, and it is said once",
              moved(pruning().andThen(w -> w.onDestructive = OnDestructive.DENY)),
              List.of(),
              "needs the name of u.ix, which is not declared any more and would be dropped for it"),
          row(
              "a table of another role makes room in a transaction of its own",
              pruning()
                  .andThen(
                      w -> {
                        w.owners.put("other", w.owners.get("app"));
                        w.usableBy.add("other");
                        undeclared(w, "other", made("u", "ix"));
                      }),
              List.of("SetAsideIndex u.ix", "CreateIndex t.ix")),
          row(
              "which its owner must be let to",
              pruning().andThen(w -> undeclared(w, "nobody", made("u", "ix"))),
              List.of(),
              "may not SET ROLE to nobody",
              "t.ix (CreateIndex) waits for u.ix (SetAsideIndex)"),
          row(
              "one that was adopted never makes room",
              pruning().andThen(w -> undeclared(w, "app", marked("u", "ix", Mark.Origin.ADOPTED))),
              List.of(),
              "which was adopted, so that it is never dropped; rename or drop it"),
          row(
              "nor one that a constraint stands on",
              pruning()
                  .andThen(w -> undeclared(w, "app", World.constrained(made("u", "ix"), "uq"))),
              List.of(),
              "which stays: the constraint uq rests on it"),
          row(
              "nor one without a mark",
              pruning()
                  .andThen(
                      w ->
                          undeclared(w, "app", World.live("ix", World.body(IX), Optional.empty()))),
              List.of(),
              "the name ix is taken by an index of u; rename one of them"),
          row(
              "while an earlier one is still aside, the name is waited for",
              pruning()
                  .andThen(w -> undeclared(w, "app", made("u", "ix"), marked("u", "ix", ASIDE))),
              List.of("DropIndex u." + ASIDE),
              "t.ix gets the name ix once another one that had the name is dropped"),
          row(
              "what was set aside is dropped once all that is declared is there",
              pruning()
                  .andThen(
                      w -> {
                        ours(IX).in(w);
                        undeclared(w, "app", marked("u", "ix", ASIDE));
                      }),
              List.of("DropIndex u." + ASIDE)),
          row(
              "and not before",
              pruning()
                  .andThen(
                      w -> {
                        w.indexes.add(IY);
                        ours(IX).in(w);
                        undeclared(w, "app", marked("u", "ix", ASIDE));
                      }),
              List.of("CreateIndex t.iy")),
          row(
              "nor where pruning is off",
              w -> {
                ours(IX).in(w);
                undeclared(w, "app", marked("u", "ix", ASIDE));
              },
              List.of()),
          row(
              "an aggregate that left the spec goes first, once all else is there",
              pruning().andThen(w -> aggregate(w, "ix")),
              List.of("DropAggregate ix"),
              "t.ix gets the name ix once the aggregate ix, which the spec declares no more, is"
                  + " dropped"),
          row(
              "so does one whose unique index has the name",
              pruning()
                  .andThen(
                      w -> {
                        aggregate(w, "daily", made("daily", "ix"));
                        w.names.put("ix", new NamedRelation("ix", "index", Optional.of("daily")));
                      }),
              List.of("DropAggregate daily"),
              "t.ix gets the name ix once the aggregate daily"),
          row(
              "an aggregate does not go without leave",
              w -> aggregate(w, "ix"),
              List.of(),
              "taken by a materialized view, which the spec declares no more; set"),
          row(
              "what somebody renamed gives the name back, and it is made then",
              w -> {
                DesiredIndex own = World.index("iz", "b");
                w.indexes.add(onU(own));
                undeclaredIn(w, World.live("ix", World.body(own), mark("u", own)));
              },
              List.of("RenameIndex u.iz", "CreateIndex t.ix")),
          row(
              "two that somebody let change names change them back by way of a reserved one",
              swapped(),
              List.of("SetAsideIndex t.iy", "RenameIndex t.iy", "RenameIndex t.ix")),
          row(
              "not under Report",
              swapped().andThen(w -> w.onDrift = OnDrift.REPORT),
              List.of(),
              "t.ix is named iy and must be named ix",
              "t.iy is named ix and must be named iy"),
          row(
              "a copy of the comment is no renamed index",
              w -> {
                w.indexes.add(IY);
                ours(IX).in(w);
                Live.named("iy", "a").ours(IX).in(w);
              },
              List.of("ReplaceIndex t.iy")));

  @TestFactory
  Stream<DynamicTest> whoHasTheNamesGivesPlan() {
    return TABLE.stream().map(row -> DynamicTest.dynamicTest(row.says(), () -> check(row)));
  }

  private static void check(Row row) {
    World world = new World();
    world.edition = Edition.NONE;
    world.indexes.add(IX);
    row.world().accept(world);
    TenantPlan plan = world.tenantPlan();

    assertThat(plan.changes())
        .extracting(c -> c.kind() + " " + c.object())
        .isEqualTo(row.changes());
    List<String> said =
        plan.findings().stream()
            .map(Finding::message)
            .filter(message -> !message.contains(" is declared no more"))
            .toList();
    assertThat(said).hasSameSizeAs(row.said());
    row.said().forEach(part -> assertThat(said).anySatisfy(s -> assertThat(s).contains(part)));
  }

  @Test
  void twoThatChangeNamesInTheSpecServeUntilBothAreBuilt() {
    World world = new World();
    DesiredIndex ix = World.index("ix", "b");
    DesiredIndex iy = World.index("iy", "a");
    world.indexes.addAll(List.of(ix, iy));
    Live.named("ix", "a").oursOfOlderSpec(ix).in(world);
    Live.named("iy", "b").oursOfOlderSpec(iy).in(world);
    TenantPlan plan = world.tenantPlan();

    assertThat(plan.changes())
        .allSatisfy(
            change ->
                assertThat(((IndexReplacement) change).old().stays()).as(change.object()).isTrue());
    assertThat(plan.changes()).hasSize(2);
  }

  @Test
  void whoRunsItByHandGivesTheNameOverInTheTransactionThatPublishes() {
    World world = new World();
    world.indexes.add(IX);
    moved(pruning()).accept(world);

    assertThat(world.tenantPlan().changes().get(0).script())
        .containsSubsequence(
            "CREATE INDEX CONCURRENTLY",
            "BEGIN",
            "has another mark by now",
            ASIDE,
            "COMMENT ON INDEX",
            "RENAME",
            "END");
  }

  @Test
  void whatWaitsForARefusedChangeIsTold() {
    World world = new World();
    swapped().accept(world);
    world.indexes.add(IX);
    world.onDrift = OnDrift.REPORT;

    assertThat(world.plan().refused()).isNotEmpty();
    assertThat(world.tenantPlan().findings())
        .allSatisfy(finding -> assertThat(finding.verdict()).isEqualTo(Verdict.DRIFTED));
  }

  /**
   * One row of (an empty table that is to become a hypertable, its unique index) → plan.
   *
   * @param said part of a finding
   */
  private record Conversion(
      String says, Consumer<World> world, List<String> changes, TenantState state, String said) {}

  private static final List<Conversion> CONVERSIONS =
      List.of(
          new Conversion(
              "what left the spec and stands in the way is dropped first",
              pruning().andThen(w -> w.liveIndexes.add(unique())),
              List.of("DropIndex t.ux"),
              TenantState.PENDING,
              "t becomes a hypertable once the unique index ux, which the spec declares no more, is"
                  + " dropped"),
          new Conversion(
              "and what is in nobody's way after it",
              pruning()
                  .andThen(w -> w.liveIndexes.add(unique()))
                  .andThen(w -> w.liveIndexes.add(made("t", "old"))),
              List.of("DropIndex t.ux"),
              TenantState.PENDING,
              "index old on t is declared no more; it is dropped once all that is declared is there"),
          new Conversion(
              "under Deny it is refused, and that is said",
              pruning()
                  .andThen(w -> w.onDestructive = OnDestructive.DENY)
                  .andThen(w -> w.liveIndexes.add(unique())),
              List.of(),
              TenantState.PENDING,
              "t.ux (UNIQUE btree (a)) is not declared any more and would be dropped"),
          new Conversion(
              "without leave to prune a person is told how to give it",
              w -> w.liveIndexes.add(unique()),
              List.of(),
              TenantState.FAILED,
              "the unique index ux lacks ts (spec.safety.prune: OwnedOnly and onDestructive: Allow"
                  + " drop it"),
          new Conversion(
              "one that a constraint stands on is a person's matter",
              pruning().andThen(w -> w.liveIndexes.add(World.constrained(unique(), "uq"))),
              List.of(),
              TenantState.FAILED,
              "the unique index ux lacks ts"),
          new Conversion(
              "one that is declared otherwise now is replaced first",
              w -> {
                w.indexes.add(World.index("ux", true, "a", "ts"));
                w.liveIndexes.add(unique());
              },
              List.of("ReplaceIndex t.ux"),
              TenantState.PENDING,
              "t becomes a hypertable once the unique index ux is replaced as declared"),
          new Conversion(
              "and no materialized view stands in meanwhile",
              pruning()
                  .andThen(w -> w.liveIndexes.add(unique()))
                  .andThen(
                      w -> {
                        w.aggregates.add(Daily.declared(Fallback.MATERIALIZED_VIEW, Daily.REFRESH));
                        w.queries.put(Daily.QUERY, Daily.form(Daily.TEXT));
                      }),
              List.of("DropIndex t.ux"),
              TenantState.PENDING,
              "aggregate daily is planned once t is a hypertable"));

  @TestFactory
  Stream<DynamicTest> whatStandsInTheWayOfAConversionGivesPlan() {
    return CONVERSIONS.stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.says(),
                    () -> {
                      World world = new World();
                      world.hypertables.add(
                          World.wantedHypertable(
                              Convert.WHEN_EMPTY, null, Optional.empty(), Optional.empty()));
                      row.world().accept(world);
                      TenantPlan plan = world.tenantPlan();

                      assertThat(plan.changes())
                          .extracting(c -> c.kind() + " " + c.object())
                          .isEqualTo(row.changes());
                      assertThat(plan.state()).isEqualTo(row.state());
                      assertThat(plan.findings())
                          .anySatisfy(f -> assertThat(f.message()).contains(row.said()));
                    }));
  }

  private static ObservedIndex unique() {
    return World.live(
        "ux", World.body(World.index("ux", true, "a")), mark("t", "ux", Mark.Origin.MADE));
  }

  private static Consumer<World> pruning() {
    return w -> {
      w.prune = Prune.OWNED_ONLY;
      w.onDestructive = OnDestructive.ALLOW;
    };
  }

  /** The index was declared on {@code u} before. */
  private static Consumer<World> moved(Consumer<World> safety) {
    return safety.andThen(w -> undeclared(w, "app", made("u", "ix")));
  }

  private static Consumer<World> swapped() {
    return w -> {
      w.indexes.add(IY);
      Live.named("iy", "a").ours(IX).in(w);
      Live.named("ix", "b").ours(IY).in(w);
    };
  }

  private static Live ours(DesiredIndex index) {
    return Live.named(index.name(), World.body(index)).ours(index);
  }

  private static ObservedIndex made(String table, String name) {
    return marked(table, name, Mark.Origin.MADE);
  }

  private static ObservedIndex marked(String table, String name, Mark.Origin origin) {
    return World.live(name, World.body(IX), mark(table, name, origin));
  }

  /** Made as {@code name}, and now named otherwise. */
  private static ObservedIndex marked(String table, String name, String liveName) {
    return World.live(liveName, World.body(IX), mark(table, name, Mark.Origin.MADE));
  }

  private static Optional<Mark> mark(String table, String name, Mark.Origin origin) {
    return Optional.of(new Mark(World.OWNER_ID, name, table, "0123456789abcdef", origin, false));
  }

  private static Optional<Mark> mark(String table, DesiredIndex index) {
    return Optional.of(
        new Mark(World.OWNER_ID, index.name(), table, index.specHash(), Mark.Origin.MADE, false));
  }

  private static DesiredIndex onU(DesiredIndex index) {
    return new DesiredIndex(
        index.name(),
        "u",
        index.keys(),
        index.method(),
        index.unique(),
        false,
        List.of(),
        Optional.empty(),
        Map.of(),
        index.specHash());
  }

  private static void undeclared(World world, String owner, ObservedIndex... indexes) {
    world.undeclared.add(table("u", owner, indexes));
    name(world, indexes);
  }

  /** The same of a table that the spec names. */
  private static void undeclaredIn(World world, ObservedIndex... indexes) {
    world.moreTables.add(table("u", "app", indexes));
    name(world, indexes);
  }

  private static void name(World world, ObservedIndex... indexes) {
    for (ObservedIndex index : indexes) {
      world.names.put(index.name(), new NamedRelation(index.name(), "index", Optional.of("u")));
    }
  }

  private static ObservedTable table(String name, String owner, ObservedIndex... indexes) {
    return new ObservedTable(
        9,
        name,
        ObservedTable.Kind.ORDINARY,
        owner,
        "sig",
        "con",
        1,
        false,
        List.of(),
        false,
        List.of(indexes),
        Optional.empty());
  }

  private static void aggregate(World world, String name, ObservedIndex... indexes) {
    world.undeclaredAggregates.add(
        new ObservedAggregate(
            3,
            name,
            ObservedAggregate.Kind.MATERIALIZED_VIEW,
            "app",
            Optional.empty(),
            true,
            true,
            Optional.empty(),
            List.of(),
            "",
            Optional.of(
                new Mark(
                    World.OWNER_ID,
                    name,
                    Mark.NO_TABLE,
                    "0123456789abcdef",
                    Mark.Origin.MADE,
                    false))));
    world.undeclared.add(
        World.relation(name, ObservedTable.Kind.MATERIALIZED_VIEW, "app", indexes));
    world.names.put(name, new NamedRelation(name, "materialized view", Optional.empty()));
  }
}

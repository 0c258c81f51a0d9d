package io.tenantdb.model;

import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexReplacement.RebuildIndex;
import io.tenantdb.model.IndexTie.Use;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * The steps by which a person builds, replaces and drops indexes: the statements that {@code apply}
 * runs, under the names that it gives, with what it looks at between them.
 */
final class IndexScript {

  private static final String AGAIN =
      "Run tenantdb plan --sql again: it goes by what is there now.";
  private static final Pattern HEAD = Pattern.compile("^CREATE (UNIQUE )?INDEX (CONCURRENTLY )?");

  private IndexScript() {}

  /** Builds an index and publishes it. */
  static List<String> create(CreateIndex change) {
    Block publishing = Block.as(change.target().owner());
    return building(
            change,
            publishing,
            block -> {
              change.displaces().ifPresent(other -> setAside(block, other));
              published(block, change, change.publishing());
            })
        .steps();
  }

  /** Builds one beside another, lets the two change places, and drops the other. */
  static List<String> replace(IndexReplacement change) {
    CreateIndex build = change.build();
    Target target = change.target();
    IndexReplacement.Replaced old = change.old();
    IndexCheck named = IndexCheck.of(target, build.index().name());
    IndexCheck retired = IndexCheck.of(target, old.retiredName());
    Script script =
        building(
            build,
            Block.as(target.owner()),
            block -> {
              block.run(change.keepingConstraintsOff()).run(change.retiring());
              asPlanned(block, retired, change);
              published(block, build, change.succeeding());
            });
    if (old.stays()) {
      return script.steps();
    }
    Block release =
        Block.as(target.owner())
            .require(
                named.valid(build.accepted()),
                build.index().name() + " is not in the place of the old index, which stays",
                AGAIN);
    if (old.concurrently()) {
      String discarded = ReservedName.discarded(target.table(), old.retiredName()).text();
      release.when(
          retired.exists(),
          block ->
              free(block, retired, Use.DROP, false)
                  .run(IndexStatements.rename(target, old.retiredName(), discarded)));
      script.add(release).add(dropConcurrently(target.sibling(discarded)));
    } else {
      release.when(
          retired.exists(), block -> free(block, retired, Use.DROP, true).run(change.dropping()));
      script.add(release);
    }
    return script.steps();
  }

  /** Drops one that the new one cannot stand beside, and builds that. */
  static List<String> rebuild(RebuildIndex change) {
    CreateIndex build = change.build();
    IndexCheck old = IndexCheck.of(change.target(), build.index().name());
    Consumer<Block> dropping =
        block ->
            block.when(
                old.exists(),
                then -> {
                  asPlanned(then, old, change);
                  then.run(change.dropping());
                });
    Block publishing = Block.as(build.target().owner());
    if (build.build() == Build.ONE_TRANSACTION) {
      dropping.accept(publishing);
      return building(build, publishing, b -> published(b, build, change.publishing())).steps();
    }
    Block first = Block.as(build.target().owner());
    dropping.accept(first);
    Script script = new Script().add(first);
    building(build, publishing, b -> published(b, build, change.publishing()))
        .steps()
        .forEach(script::add);
    return script.steps();
  }

  /** Publishes one that is built. */
  static List<String> publish(IndexChange.PublishIndex change) {
    Block block = Block.as(change.target().owner());
    change.displaces().ifPresent(other -> setAside(block, other));
    block.run(change.statements());
    return Script.of(
        require(block, IndexCheck.of(change.target(), change.name()), List.of(change.body())));
  }

  /**
   * Drops an index for which the conditions hold; one that is gone is dropped.
   *
   * @param dropping the statement, where it can run in a transaction
   */
  static List<String> drop(
      Target target,
      String name,
      boolean inTransaction,
      Statement dropping,
      Consumer<Block> conditions) {
    IndexCheck check = IndexCheck.of(target, name);
    Consumer<Block> conditional =
        block -> {
          conditions.accept(block);
          free(block, check, Use.DROP, inTransaction);
        };
    Block block = Block.as(target.owner());
    if (inTransaction) {
      return Script.of(
          block.when(
              check.exists(),
              then -> {
                conditional.accept(then);
                then.run(dropping);
              }));
    }
    String discarded = ReservedName.discarded(target.table(), name).text();
    block.when(
        check.exists(),
        then -> {
          conditional.accept(then);
          idle(then, check).run(IndexStatements.rename(target, name, discarded));
        });
    return new Script()
        .role(target.owner())
        .add(block)
        .add(dropConcurrently(target.sibling(discarded)))
        .steps();
  }

  /** Replaces one on a continuous aggregate. */
  static List<String> makeWay(AggregateIndexChange.ReplaceAggregateIndex change) {
    IndexCheck old = IndexCheck.of(change.target(), change.materialization(), change.old());
    Block block =
        Block.as(change.target().owner())
            .require(
                old.commentIs(change.comment()),
                "the old index has another comment by now: it is left alone",
                AGAIN);
    return Script.of(free(block, old, Use.MAKE_WAY, true).run(change.statements()));
  }

  /** Drops one on a continuous aggregate. */
  static List<String> drop(PruneChange.DropAggregateIndex change) {
    IndexCheck check = IndexCheck.of(change.target(), change.materialization(), change.liveName());
    return Script.of(
        Block.as(change.target().owner())
            .when(
                check.exists(),
                block -> free(block, check, Use.DROP, true).run(change.statements())));
  }

  /** Refuses to drop what has become valid. */
  static void stillInvalid(Block block, Target target, String name) {
    block.require(
        IndexCheck.of(target, name).isInvalid(), name + " has become valid and stays", AGAIN);
  }

  /** Refuses to touch one whose mark is another by now. */
  static void stillMarked(Block block, Target target, String name, Mark mark) {
    block.require(
        IndexCheck.of(target, name).bears(mark),
        name + " has another mark by now and stays",
        AGAIN);
  }

  /** Refuses to take the name of one that is another by now, or that something rests on. */
  static void setAside(Block block, IndexSetting.SetAsideIndex other) {
    stillMarked(block, other.target(), other.name(), other.mark());
    free(
        block,
        IndexCheck.of(other.target(), other.name()),
        other.leaves() ? Use.DROP : Use.RENAME,
        true);
  }

  /**
   * Writes a comment, where it is still the one that the plan saw.
   *
   * @param bodies what the index may be; anything where there are none
   */
  static List<String> comment(
      Target target, String name, String comment, List<IndexBody> bodies, List<Statement> writing) {
    IndexCheck check = IndexCheck.of(target, name);
    Block block =
        Block.as(target.owner())
            .require(check.commentIs(comment), name + " has another comment by now", AGAIN);
    if (!bodies.isEmpty()) {
      block.require(check.valid(bodies), name + " is another index by now", AGAIN);
    }
    return Script.of(block.run(writing));
  }

  /** Gives one its name back, where it is still the one that the plan saw. */
  static List<String> rename(IndexChange.RenameIndex change) {
    Target target = change.target();
    IndexCheck check = IndexCheck.of(target, change.liveName());
    Block block = Block.as(target.owner());
    stillMarked(block, target, change.liveName(), change.mark());
    block.require(
        check.valid(List.of(change.body())),
        change.liveName() + " is another index by now and keeps its name",
        AGAIN);
    return Script.of(free(block, check, Use.RENAME, true).run(change.statements()));
  }

  /** The build and the block that publishes it. */
  private static Script building(CreateIndex change, Block block, Consumer<Block> publishing) {
    Target target = change.target();
    String built = change.reservedName();
    IndexCheck check = IndexCheck.of(target, built);
    Script script = new Script();
    switch (change.build()) {
      case CONCURRENTLY -> {
        script.role(target.owner());
        String discarded = ReservedName.discarded(target.table(), built).text();
        script
            .add(
                Block.as(target.owner())
                    .when(
                        check.exists() + " AND NOT " + check.valid(change.accepted()),
                        then ->
                            free(idle(then, check), check, Use.DROP, false)
                                .run(IndexStatements.rename(target, built, discarded))))
            .add(dropConcurrently(target.sibling(discarded)))
            .with(
                Script.reading(change.index(), change.searchPath()),
                within -> within.add(ifNotExists(change.buildSql())));
        publishing.accept(block);
        script.add(block);
      }
      case PARTITIONED -> {
        new PartitionedScript(change).build(script);
        publishing.accept(block);
        script.add(block);
      }
      case PER_CHUNK -> {
        Map<String, String> settings =
            new TreeMap<>(Script.reading(change.index(), change.searchPath()));
        // Its SHARE request queues the writers of a chunk behind it.
        settings.put("lock_timeout", "'3s'");
        script
            .role(target.owner())
            .add(withoutBroken(Block.as(target.owner()), change, check))
            .with(settings, within -> within.add(ifNotExists(change.buildSql())));
        publishing.accept(block);
        script.add(block);
      }
      case ONE_TRANSACTION -> {
        withoutBroken(block, change, check)
            .when(
                "NOT (" + check.exists() + ")",
                then -> resolved(then, change, Statement.of(change.buildSql())));
        publishing.accept(block);
        return script.add(block);
      }
    }
    return script;
  }

  private static Block withoutBroken(Block block, CreateIndex change, IndexCheck check) {
    return block.when(
        check.exists() + " AND NOT " + check.valid(change.accepted()),
        then ->
            free(idle(then, check), check, Use.DROP, true)
                .run(Statement.of("DROP INDEX " + change.target().sibling(change.reservedName()))));
  }

  /** A statement on the declared path, which nothing else here may be on. */
  static void resolved(Block block, CreateIndex change, Statement creating) {
    if (change.index().resolvesNames()) {
      block.run(AggregateSql.path(change.searchPath())).run(creating).run(AggregateSql.PG_CATALOG);
    } else {
      block.run(creating);
    }
  }

  private static void published(Block block, CreateIndex change, List<Statement> publishing) {
    require(
        block.run(publishing),
        IndexCheck.of(change.target(), change.index().name()),
        change.accepted());
  }

  private static Block require(Block block, IndexCheck published, Collection<IndexBody> accepted) {
    return block.require(
        published.valid(accepted),
        "what was built is invalid or not what is declared: it is not published",
        "Drop it, mend what kept it from being built, and run this again.");
  }

  private static void asPlanned(Block block, IndexCheck check, IndexReplacement change) {
    IndexReplacement.Replaced old = change.old();
    String condition =
        check.is(old.valid(), List.of(old.body())) + " AND " + check.commentIs(old.comment());
    block.require(
        // What clusters by it goes over to the new one, which is printed or not.
        condition + " AND " + (old.clustered() ? "" : "NOT ") + check.clustered(),
        "the old index is not as it was when this was planned: it is left alone",
        AGAIN);
    free(
        block,
        check,
        IndexTie.forbidding(Use.REPLACE, change.build().index()),
        !old.concurrently());
  }

  /**
   * Refuses where something rests on it that may not be lost.
   *
   * @param hypertables it may be on a hypertable
   */
  static Block free(Block block, IndexCheck check, Use use, boolean hypertables) {
    return free(block, check, IndexTie.Kind.forbidding(use), hypertables);
  }

  private static Block free(
      Block block, IndexCheck check, Set<IndexTie.Kind> kinds, boolean hypertables) {
    unless(block, check, check.free(kinds));
    // Its relations are only looked for where the condition holds.
    return hypertables
        ? block.when(
            "to_regclass('timescaledb_information.jobs') IS NOT NULL",
            then -> unless(then, check, check.freeOfTimescale(kinds)))
        : block;
  }

  private static Block unless(Block block, IndexCheck check, String free) {
    return block.require(
        free,
        "something rests on " + check.index() + " that does not go with it: it stays",
        AGAIN + " It says what that is.");
  }

  static Block idle(Block block, IndexCheck check) {
    return block.require(
        check.nobodyAtWork(),
        "another session is at work on the table (a build, a VACUUM)",
        "Run this again once that has ended.");
  }

  /** Of a name that only what may go bears. */
  static String dropConcurrently(String index) {
    return "DROP INDEX CONCURRENTLY IF EXISTS " + index;
  }

  /** Skips what is built already; what is there otherwise is not published. */
  static String ifNotExists(String createSql) {
    return HEAD.matcher(createSql).replaceFirst("$0IF NOT EXISTS ");
  }
}

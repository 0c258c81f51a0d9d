package io.tenantdb.plan;

import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.IndexTie.Kind;
import io.tenantdb.model.Mark;
import io.tenantdb.model.ObservedIndex;
import io.tenantdb.model.ObservedIndex.Settings;
import io.tenantdb.model.ObservedIndex.Uneven;
import io.tenantdb.model.ObservedTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A live index, written down attribute by attribute; valid, unmarked and untied at first. */
final class Live {

  private final String name;
  private final IndexBody body;
  private boolean valid = true;
  private boolean building;
  private String comment = "";
  private final List<IndexTie> ties = new ArrayList<>();
  private String tablespace = "pg_default";
  private Map<Integer, Integer> statistics = Map.of();
  private Uneven uneven = Uneven.NONE;
  private int missingParts;

  private Live(String name, IndexBody body) {
    this.name = name;
    this.body = body;
  }

  static Live named(String name, IndexBody body) {
    return new Live(name, body);
  }

  static Live named(String name, String keys) {
    return new Live(name, new IndexBody(false, "USING btree (" + keys + ")"));
  }

  /** The mark of the present spec. */
  Live ours(DesiredIndex index) {
    return comment(World.mark(index, Mark.Origin.MADE).text());
  }

  Live oursOfOlderSpec(DesiredIndex index) {
    return comment(World.mark(index, Mark.Origin.MADE).withSpec("0123456789abcdef").text());
  }

  Live adoptedForOlderSpec(DesiredIndex index) {
    return comment(World.mark(index, Mark.Origin.ADOPTED).withSpec("0123456789abcdef").text());
  }

  Live anothers(String declared) {
    return comment(
        new Mark("other/one", declared, "t", "0123456789abcdef", Mark.Origin.MADE, false).text());
  }

  Live comment(String text) {
    comment = text;
    return this;
  }

  Live invalid() {
    valid = false;
    return this;
  }

  Live building() {
    valid = false;
    building = true;
    return this;
  }

  Live constraint(String of) {
    return tied(Kind.CONSTRAINT, of);
  }

  Live replicaIdentity() {
    return tied(Kind.REPLICA_IDENTITY, "");
  }

  Live clustered() {
    return tied(Kind.CLUSTERED, "");
  }

  Live foreignKey(String key) {
    return tied(Kind.FOREIGN_KEY, key);
  }

  Live tied(Kind kind, String object) {
    ties.add(new IndexTie(kind, object));
    return this;
  }

  Live tablespace(String of) {
    tablespace = of;
    return this;
  }

  Live statistics(Map<Integer, Integer> targets) {
    statistics = targets;
    return this;
  }

  /** Positions whose target not all parts have. */
  Live uneven(Set<Integer> positions) {
    return uneven(new Uneven(positions, false, false));
  }

  Live uneven(Uneven parts) {
    uneven = parts;
    return this;
  }

  Live missingParts(int parts) {
    missingParts = parts;
    return this;
  }

  ObservedIndex index() {
    return new ObservedIndex(
        1,
        name,
        Optional.of(body),
        valid,
        building,
        Set.of(),
        comment,
        Mark.parse(comment),
        ties,
        Settings.of(tablespace, statistics).with(uneven),
        missingParts);
  }

  void in(World world) {
    world.liveIndexes.add(index());
  }

  /** A table that the spec does not name. */
  static ObservedTable undeclared(String table, ObservedTable.Kind kind, Live... indexes) {
    return new ObservedTable(
        9,
        table,
        kind,
        "app",
        "sig",
        "con",
        1,
        false,
        List.of(),
        false,
        List.of(indexes).stream().map(Live::index).toList(),
        Optional.empty());
  }
}

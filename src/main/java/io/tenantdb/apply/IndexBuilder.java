package io.tenantdb.apply;

import io.tenantdb.model.Change;
import io.tenantdb.model.IndexChange.Build;
import io.tenantdb.model.IndexChange.CreateIndex;
import io.tenantdb.model.IndexChange.PublishIndex;
import io.tenantdb.model.IndexReplacement;
import io.tenantdb.model.IndexReplacement.RebuildIndex;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Makes and replaces indexes: built under a reserved name, verified, published with the mark in one
 * transaction, the old one dropped. Whatever is killed in between is recognised from the catalogs
 * by the next pass, and gone on with here. Runs under the session lock of the table.
 */
final class IndexBuilder {

  private final IndexCatalog catalog;
  private final IndexBuild builds;
  private final SmallBuild smallBuilds;
  private final IndexPublisher publisher;
  private final IndexDropper dropper;

  IndexBuilder(
      IndexCatalog catalog,
      IndexBuild builds,
      SmallBuild smallBuilds,
      IndexPublisher publisher,
      IndexDropper dropper) {
    this.catalog = catalog;
    this.builds = builds;
    this.smallBuilds = smallBuilds;
    this.publisher = publisher;
    this.dropper = dropper;
  }

  void create(CreateIndex change) throws SQLException {
    if (smallBuilds.create(change)) {
      return;
    }
    Target target = change.target();
    String name = change.index().name();
    Map<String, LiveIndex> live = catalog.read(target, name, change.reservedName());
    if (live.containsKey(name)) {
      throw new ApplyException(
          Reason.Progressing,
          "an index of the name was made since this was planned; the next pass plans it anew");
    }
    buildUnlessBuilt(change, change, live);
    droppingWhatFails(
        change,
        () ->
            publisher.publish(
                target, name, change.accepted(), change.publishing(), change.displaces()));
  }

  void publish(PublishIndex change) throws SQLException {
    publisher.publish(
        change.target(),
        change.name(),
        Set.of(change.body()),
        change.statements(),
        change.displaces());
  }

  void replace(IndexReplacement change) throws SQLException {
    CreateIndex build = change.build();
    String name = build.index().name();
    String retired = change.old().retiredName();
    Map<String, LiveIndex> live =
        catalog.read(change.target(), name, build.reservedName(), retired);
    new PlannedIndex(change).still(Optional.ofNullable(live.get(name)));
    if (live.containsKey(retired)) {
      // It was replaced before, came back, and the first one is not dropped yet.
      dropper.inTheWay(change.target(), live.get(retired), change.old().concurrently());
    }
    boolean built = isBuilt(build, live.get(build.reservedName()));
    if (built || !smallBuilds.replace(change)) {
      buildUnlessBuilt(change, build, live);
      droppingWhatFails(build, () -> publisher.swap(change, live.get(name).onTable()));
    }
    if (!change.old().stays()) {
      dropper.retired(change);
    }
  }

  /** The same where the two cannot be there at once. */
  void rebuild(RebuildIndex change) throws SQLException {
    CreateIndex build = change.build();
    String name = build.index().name();
    Map<String, LiveIndex> live = catalog.read(change.target(), name, build.reservedName());
    IndexReplacement now = new PlannedIndex(change).still(Optional.ofNullable(live.get(name)));
    if (live.containsKey(build.reservedName())) {
      dropper.inTheWay(change.target(), live.get(build.reservedName()), false);
    }
    dropper.before(change);
    builds.run(change, build);
    droppingWhatFails(
        build, () -> publisher.publish(change.target(), name, build.accepted(), now.succeeding()));
  }

  private void buildUnlessBuilt(Change change, CreateIndex build, Map<String, LiveIndex> live)
      throws SQLException {
    LiveIndex found = live.get(build.reservedName());
    if (isBuilt(build, found)) {
      return;
    }
    if (found != null && build.build() != Build.PARTITIONED) {
      dropper.inTheWay(build.target(), found, build.build() == Build.CONCURRENTLY);
    }
    builds.run(change, build);
  }

  /** A run of ours was killed, or its server process outlived it, before the publishing. */
  private static boolean isBuilt(CreateIndex build, LiveIndex found) {
    return found != null
        && found.valid()
        && found.body().filter(build.accepted()::contains).isPresent();
  }

  /**
   * What is built and cannot be published now, because somebody holds a lock, is published by the
   * next pass; what may not be published goes.
   */
  private void droppingWhatFails(CreateIndex build, WorkSession.SqlAction publishing)
      throws SQLException {
    try {
      publishing.run();
    } catch (ApplyException e) {
      builds.dropUnpublished(build, e);
      throw e;
    }
  }
}

package io.tenantdb.plan;

import io.tenantdb.model.ObservedIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Names what rests on an index, so that it must not go. */
final class IndexTies {

  private IndexTies() {}

  /** In words; empty where nothing does. */
  static Optional<String> of(ObservedIndex index) {
    List<String> ties = new ArrayList<>();
    index.constraint().ifPresent(name -> ties.add("the constraint " + name));
    if (index.ties().replicaIdentity()) {
      ties.add("the table's replica identity");
    }
    index.ties().foreignKeys().forEach(name -> ties.add("the foreign key " + name));
    return ties.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", ties));
  }
}

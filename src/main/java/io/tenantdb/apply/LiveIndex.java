package io.tenantdb.apply;

import io.tenantdb.model.IndexBody;
import io.tenantdb.model.Mark;
import java.util.List;
import java.util.Optional;

/**
 * An index as the catalogs have it now.
 *
 * @param body empty where it was renamed while it was printed
 * @param comment the whole comment; empty text where there is none
 * @param ties what keeps it from being dropped: constraints, foreign keys, a replica identity
 * @param clustered a bare CLUSTER goes by it
 * @param onTable not on a materialized view, which nothing can refer to
 */
record LiveIndex(
    String name,
    boolean valid,
    Optional<IndexBody> body,
    String comment,
    List<String> ties,
    boolean clustered,
    boolean onTable) {

  LiveIndex {
    ties = List.copyOf(ties);
  }

  /** The mark in the comment, whosever it is. */
  Optional<Mark> mark() {
    return Mark.parse(comment);
  }
}

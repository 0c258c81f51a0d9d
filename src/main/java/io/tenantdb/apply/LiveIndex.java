package io.tenantdb.apply;

import io.tenantdb.model.IndexBody;
import io.tenantdb.model.IndexTie;
import io.tenantdb.model.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An index as the catalogs have it now.
 *
 * @param body empty where it was renamed while it was printed
 * @param comment the whole comment; empty text where there is none
 * @param ties what rests on it beside the queries
 * @param onTable not on a materialized view, which nothing can refer to
 */
record LiveIndex(
    String name,
    boolean valid,
    Optional<IndexBody> body,
    String comment,
    List<IndexTie> ties,
    boolean onTable) {

  LiveIndex {
    ties = List.copyOf(ties);
  }

  /** A bare CLUSTER goes by it. */
  boolean clustered() {
    return IndexTie.any(ties, IndexTie.Kind.CLUSTERED);
  }

  /** The same index with one more. */
  LiveIndex and(IndexTie tie) {
    List<IndexTie> all = new ArrayList<>(ties);
    all.add(tie);
    return new LiveIndex(name, valid, body, comment, all, onTable);
  }

  /** What forbids it, in words; empty where nothing does. */
  Optional<String> against(IndexTie.Use use) {
    return IndexTie.against(ties, use);
  }

  /** The mark in the comment, whosever it is. */
  Optional<Mark> mark() {
    return Mark.parse(comment);
  }
}

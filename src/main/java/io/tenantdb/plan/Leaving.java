package io.tenantdb.plan;

import io.tenantdb.model.Change;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;

/** What becomes of an object that bears our mark and is declared no more. */
sealed interface Leaving {

  /**
   * We made it: it goes.
   *
   * @param words what it is, for people: {@code index ix on t}
   */
  record Drop(ObservedTable table, Change change, String words) implements Leaving {}

  /** It loses our mark and stays. */
  record Release(ObservedTable table, Change change) implements Leaving {}

  /**
   * We made it, and it stays for what depends on it.
   *
   * @param why follows "stays: "
   */
  record Keep(String object, String words, String why) implements Leaving {}

  /** It is to go, and cannot now. */
  record Held(Verdict verdict, String object, Reason reason, String sentence) implements Leaving {}
}

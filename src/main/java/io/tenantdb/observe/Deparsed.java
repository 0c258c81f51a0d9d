package io.tenantdb.observe;

/** What a reading had the server print, kept for the next one. */
record Deparsed(IndexBodies bodies, ViewTexts texts) {

  /** Nothing yet. */
  static Deparsed none() {
    return new Deparsed(IndexBodies.none(), ViewTexts.none());
  }
}

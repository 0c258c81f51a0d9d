package io.tenantdb.observe;

/** On PostgreSQL 14. */
class ObservingIndexes14IT extends ObservingIndexesTests {
  ObservingIndexes14IT() {
    super(14);
  }
}

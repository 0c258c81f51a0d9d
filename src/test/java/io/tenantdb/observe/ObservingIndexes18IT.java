package io.tenantdb.observe;

/** On PostgreSQL 18. */
class ObservingIndexes18IT extends ObservingIndexesTests {
  ObservingIndexes18IT() {
    super(18);
  }
}

package io.tenantdb.observe;

/** On PostgreSQL 18. */
class Observing18IT extends ObservingTests {
  Observing18IT() {
    super(18);
  }
}

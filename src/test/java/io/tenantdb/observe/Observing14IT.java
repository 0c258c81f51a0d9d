package io.tenantdb.observe;

/** On PostgreSQL 14. */
class Observing14IT extends ObservingTests {
  Observing14IT() {
    super(14);
  }
}

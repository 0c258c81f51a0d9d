package io.tenantdb.canonical;

/** On PostgreSQL 14. */
class Canonical14IT extends CanonicalTests {
  Canonical14IT() {
    super(14);
  }
}

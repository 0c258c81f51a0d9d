package io.tenantdb.canonical;

/** On PostgreSQL 18. */
class Canonical18IT extends CanonicalTests {
  Canonical18IT() {
    super(18);
  }
}

package io.tenantdb.fleet;

/** On PostgreSQL 14. */
class IndexUsage14IT extends IndexUsageTests {
  IndexUsage14IT() {
    super(14);
  }
}

package io.tenantdb.fleet;

/** On PostgreSQL 18. */
class IndexUsage18IT extends IndexUsageTests {
  IndexUsage18IT() {
    super(18);
  }
}

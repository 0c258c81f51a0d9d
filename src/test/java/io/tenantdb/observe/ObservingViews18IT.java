package io.tenantdb.observe;

/** On PostgreSQL 18. */
class ObservingViews18IT extends ObservingViewsTests {
  ObservingViews18IT() {
    super(18);
  }
}

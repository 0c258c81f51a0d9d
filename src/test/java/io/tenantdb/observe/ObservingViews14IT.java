package io.tenantdb.observe;

/** On PostgreSQL 14. */
class ObservingViews14IT extends ObservingViewsTests {
  ObservingViews14IT() {
    super(14);
  }
}

package io.tenantdb.fleet;

import io.tenantdb.model.Observed;
import io.tenantdb.model.Plan;

/** What is live, and what is to be done about it. */
record Look(Observed observed, Plan plan) {}

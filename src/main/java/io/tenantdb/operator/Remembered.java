package io.tenantdb.operator;

import io.tenantdb.fleet.Convergence;

/**
 * What the status keeps of what tenants have had as declared.
 *
 * @param generation of the spec that declared it
 */
record Remembered(long generation, Convergence convergence) {}

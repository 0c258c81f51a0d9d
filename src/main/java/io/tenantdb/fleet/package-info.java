/**
 * Which tenants, in what order, how many at once, when to stop: the one loop that the command line
 * and the operator call.
 */
package io.tenantdb.fleet;

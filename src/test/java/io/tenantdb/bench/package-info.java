/**
 * A benchmark program: figures as ratios to a baseline measured in the same run. Asserts nothing.
 */
package io.tenantdb.bench;

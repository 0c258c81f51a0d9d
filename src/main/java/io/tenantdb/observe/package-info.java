/** Reads the live catalogs, database-wide, into {@link io.tenantdb.model.Observed}. */
package io.tenantdb.observe;

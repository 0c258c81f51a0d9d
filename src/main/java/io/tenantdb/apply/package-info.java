/** Carries one change out on a live database, online. Executes; decides nothing. */
package io.tenantdb.apply;

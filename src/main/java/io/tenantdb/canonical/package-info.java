/** Asks PostgreSQL what desired items would look like once made. */
package io.tenantdb.canonical;

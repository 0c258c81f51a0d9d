/**
 * From what is declared, what is live and what PostgreSQL makes of the declaration to what is to be
 * done. Pure: no I/O, no clock, no Kubernetes, no JDBC.
 */
package io.tenantdb.plan;

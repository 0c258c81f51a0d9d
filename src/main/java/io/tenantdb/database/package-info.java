/**
 * The way to one database: connections with the same session settings everywhere, transport
 * security, what the server can do, session locks, and the one translation of SQLSTATEs into
 * reasons.
 */
package io.tenantdb.database;

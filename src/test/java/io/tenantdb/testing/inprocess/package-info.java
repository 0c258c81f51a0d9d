/**
 * What fabric8's CRUD mock lacks of a Kubernetes API server: server-side apply, merge patch,
 * defaults, validation, discovery, tables, reviews of rights.
 */
package io.tenantdb.testing.inprocess;

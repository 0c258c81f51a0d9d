/**
 * Holds a resource in a file to the custom resource definition, as the API server would: structure,
 * defaults, CEL rules, in the API server's own words.
 */
package io.tenantdb.desired.schema;

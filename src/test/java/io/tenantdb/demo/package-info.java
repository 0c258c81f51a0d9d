/**
 * The demonstration behind {@code bin/tenantdb demo}: a database, a Kubernetes API and the operator
 * as its users run it, on this machine. Lives on the test class path, never in the shipped jar.
 */
package io.tenantdb.demo;

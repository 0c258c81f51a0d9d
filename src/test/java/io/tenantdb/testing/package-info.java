/**
 * Real servers for tests, demo and benchmark: PostgreSQL, TimescaleDB and the Kubernetes API; and
 * an API in the process that stands in for the last.
 *
 * <p>Each part is an {@link AutoCloseable} with a static {@code start}; {@link
 * io.tenantdb.testing.RealParts} hands them to tests. Everything listens on 127.0.0.1 only, keeps
 * its files in a directory of its own and ends with the JVM that started it, however that ends.
 */
package io.tenantdb.testing;

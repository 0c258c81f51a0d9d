/**
 * The Kubernetes face of the engine: a thin reconciler, one worker a resource, status, events,
 * probes and metrics.
 */
package io.tenantdb.operator;

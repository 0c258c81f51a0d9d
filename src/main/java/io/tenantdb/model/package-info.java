/**
 * The records that pass between rooms: desired, observed and canonical state, changes, plans, marks
 * and reasons. Knows neither JDBC nor Kubernetes nor a clock.
 */
package io.tenantdb.model;

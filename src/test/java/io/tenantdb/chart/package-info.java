/**
 * The Helm chart: its values, what it renders, and that the operator can do with it what it must.
 */
package io.tenantdb.chart;

/** The custom resources of {@code tenantdb.io/v1alpha1}: records and nothing else. */
package io.tenantdb.api.v1alpha1;

/** Which of the tenants' indexes are used, and which of them there is no need for. Pure. */
package io.tenantdb.plan.usage;

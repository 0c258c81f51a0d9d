package io.tenantdb.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/** The indexes and policies that every tenant schema of one PostgreSQL database must have. */
@Group("tenantdb.io")
@Version("v1alpha1")
@ShortNames("tdb")
@Categories("databases")
@JsonClassDescription(
    "The indexes and policies that every tenant schema of one PostgreSQL database must have.")
@ValidationRule(value = "self.metadata.name.size() <= 52", message = Grammar.NAME_LENGTH_MESSAGE)
public class TenantDatabase extends CustomResource<TenantDatabaseSpec, TenantDatabaseStatus>
    implements Namespaced {
  private static final long serialVersionUID = 1L;
}

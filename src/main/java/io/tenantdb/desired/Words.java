package io.tenantdb.desired;

import io.tenantdb.desired.DesiredDatabase.Authentication;
import io.tenantdb.desired.DesiredDatabase.Mode;
import io.tenantdb.model.Desired.OnDestructive;
import io.tenantdb.model.Desired.OnDrift;
import io.tenantdb.model.Desired.Prune;
import io.tenantdb.model.Desired.WhenTimescaleMissing;
import io.tenantdb.model.DesiredAggregate.Fallback;
import io.tenantdb.model.DesiredHypertable.Convert;
import io.tenantdb.model.PolicyState;
import io.tenantdb.model.TenantSelection.OnMissingTable;
import java.util.Map;

/**
 * The words that a spec's enumerations know, and what they mean. The CRD's {@code enum:} entries
 * are copied from here.
 */
public final class Words {

  public static final Map<String, Mode> TLS_MODE =
      Map.of(
          "Disable", Mode.DISABLE,
          "Require", Mode.REQUIRE,
          "VerifyCA", Mode.VERIFY_CA,
          "VerifyFull", Mode.VERIFY_FULL);
  public static final Map<String, Authentication> AUTHENTICATION =
      Map.of(
          "ScramSha256", Authentication.SCRAM_SHA_256,
          "Md5", Authentication.MD5,
          "Password", Authentication.PASSWORD);
  public static final Map<String, OnMissingTable> ON_MISSING_TABLE =
      Map.of("Wait", OnMissingTable.WAIT, "Skip", OnMissingTable.SKIP, "Fail", OnMissingTable.FAIL);
  public static final Map<String, Convert> CONVERT =
      Map.of("Never", Convert.NEVER, "WhenEmpty", Convert.WHEN_EMPTY);
  public static final Map<String, PolicyState> STATE =
      Map.of("Present", PolicyState.PRESENT, "Absent", PolicyState.ABSENT);

  /** True for DESC. */
  public static final Map<String, Boolean> ORDER = Map.of("Asc", false, "Desc", true);

  /** True for NULLS FIRST. */
  public static final Map<String, Boolean> NULLS = Map.of("First", true, "Last", false);

  public static final Map<String, Fallback> FALLBACK =
      Map.of("Skip", Fallback.SKIP, "MaterializedView", Fallback.MATERIALIZED_VIEW);
  public static final Map<String, WhenTimescaleMissing> WHEN_MISSING =
      Map.of("Skip", WhenTimescaleMissing.SKIP, "Fail", WhenTimescaleMissing.FAIL);
  public static final Map<String, OnDestructive> ON_DESTRUCTIVE =
      Map.of("Deny", OnDestructive.DENY, "Allow", OnDestructive.ALLOW);
  public static final Map<String, OnDrift> ON_DRIFT =
      Map.of("Correct", OnDrift.CORRECT, "Report", OnDrift.REPORT);
  public static final Map<String, Prune> PRUNE =
      Map.of("Disabled", Prune.DISABLED, "OwnedOnly", Prune.OWNED_ONLY);
  public static final Map<String, DeletionPolicy> DELETION_POLICY =
      Map.of("Retain", DeletionPolicy.RETAIN, "Delete", DeletionPolicy.DELETE);

  private Words() {}
}

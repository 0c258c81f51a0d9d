package io.tenantdb.desired;

import java.util.List;

/**
 * What a field means when it is absent, as the spec would write it. Written once: the resolution
 * fills these in and the CRD's {@code default:} entries are copied from here. The defaults of
 * fields below a list are in the resolution only, because the API server would write them into the
 * stored items.
 */
public final class Defaults {

  public static final boolean SUSPEND = false;
  public static final String INTERVAL = "10m";
  public static final int PORT = 5432;
  public static final String USERNAME_KEY = "username";
  public static final String PASSWORD_KEY = "password";
  public static final String TLS_MODE = "VerifyFull";
  public static final String AUTHENTICATION = "ScramSha256";
  public static final String CA_KEY = "ca.crt";
  public static final int MAX_CONNECTIONS = 4;
  public static final List<String> SEARCH_PATH = List.of("public");
  public static final String SETTLE = "1m";
  public static final String ON_MISSING_TABLE = "Wait";
  public static final String WHEN_MISSING = "Skip";
  public static final String ON_DESTRUCTIVE = "Deny";
  public static final String ON_DRIFT = "Correct";
  public static final String PRUNE = "Disabled";
  public static final String DELETION_POLICY = "Retain";
  public static final boolean ALLOW_SUPERUSER_OWNED = false;
  public static final String LOCK_TIMEOUT = "3s";
  public static final String BUILD_TIMEOUT = "2h";
  public static final int MAX_PARALLEL = 2;
  public static final String METHOD = "btree";
  public static final String CONVERT = "Never";
  public static final boolean MATERIALIZED_ONLY = true;
  public static final String FALLBACK = "Skip";

  private Defaults() {}
}

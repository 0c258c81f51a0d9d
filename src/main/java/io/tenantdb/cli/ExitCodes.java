package io.tenantdb.cli;

/** What scripts rely on; a change here breaks them. */
interface ExitCodes {
  /** Nothing to do; converged. */
  int OK = 0;

  /** An error, a usage error too; failed tenants. */
  int ERROR = 1;

  /** {@code plan}: there are changes. {@code status}: not converged. */
  int DIFFERENT = 2;

  /** {@code apply}: changes were refused. */
  int REFUSED = 3;
}

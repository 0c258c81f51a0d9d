package io.tenantdb.model;

/**
 * Why a resource, a tenant or an object is in the state that it is in. The one list behind the
 * conditions' reasons, the events' reasons, the retry and the metric label; names follow the
 * Kubernetes API convention for condition reasons (CamelCase).
 *
 * <p>Each reason says who has to act: {@link Remedy#PERSON} reasons stall the resource, {@link
 * Remedy#TIME} reasons are retried and expected to pass, {@link Remedy#NONE} is not a problem.
 */
public enum Reason {
  /** All tenants are as declared. */
  Converged(Remedy.NONE),
  /** Changes are being carried out, or will be at the next pass. */
  Progressing(Remedy.TIME),
  /** {@code spec.suspend}: observed and reported, nothing changed. */
  Suspended(Remedy.NONE),
  /** The first pass has not ended yet. */
  Pending(Remedy.TIME),
  /** Condition: the last connection was made and the catalogs were read. */
  Connected(Remedy.NONE),
  /** Condition: something live differs from what is declared. */
  DriftDetected(Remedy.NONE),
  /** Condition: nothing that had been made differs from what is declared. */
  NoDrift(Remedy.NONE),

  /** The spec breaks a rule that no change of the database can mend. */
  SpecInvalid(Remedy.PERSON),
  /**
   * Another owner's mark, or another resource's declaration, is on the object; or what stands in
   * the place of a declared index is not ours, or a constraint, a replica identity or a foreign key
   * rests on it.
   */
  Conflict(Remedy.PERSON),
  /** {@code safety.onDrift: Report}: what had converged differs now, and is left as it is. */
  DriftReported(Remedy.PERSON),
  /** A destructive change was refused by {@code safety.onDestructive: Deny}. */
  DestructiveDenied(Remedy.PERSON),
  /** The spec declares no more what we made or adopted, and it is still there. */
  LeftSpec(Remedy.NONE),
  /** SQLSTATE 2BP01: other objects depend on what is to be dropped. */
  HasDependents(Remedy.PERSON),

  /** The credentials Secret, or a key of it, does not exist. */
  SecretNotFound(Remedy.PERSON),
  /** The credentials Secret was made for something else, or does not consent to the use of it. */
  SecretRefused(Remedy.PERSON),
  /**
   * The CA bundle's Secret or ConfigMap, or a key of it, does not exist or holds no certificate.
   */
  CertificateAuthorityNotFound(Remedy.PERSON),
  /** SQLSTATE 28P01 or 28000: user name or password refused. */
  AuthenticationFailed(Remedy.PERSON),
  /** The host name does not resolve, nothing listens, or the connection broke. */
  ConnectionFailed(Remedy.TIME),
  /** The server's certificate is not trusted, names another host, or the server has no TLS. */
  TlsFailed(Remedy.PERSON),
  /** SQLSTATE 3D000: no such database. */
  DatabaseNotFound(Remedy.PERSON),
  /** SQLSTATE 42501: the role may not do what the spec needs. */
  InsufficientPrivilege(Remedy.PERSON),
  /** The server is a standby or read-only: nothing is written. */
  NotPrimary(Remedy.TIME),
  /**
   * The system identifier or the database's oid is not what it was: caches dropped, destructive
   * work held.
   */
  DatabaseChanged(Remedy.PERSON),
  /** The server's version is older than the oldest supported one. */
  UnsupportedServer(Remedy.PERSON),
  /**
   * SQLSTATE 53100, 53300, 57P0x and 58030, and what else of classes 53 and 58 ends the session:
   * disk, connections, shutdown, I/O. The database is left alone at once.
   */
  ServerUnavailable(Remedy.TIME),
  /**
   * A pooler in transaction mode is between us and the server: session locks and settings do not
   * hold. Or one in session mode has fewer sessions than are needed.
   */
  PoolerUnsupported(Remedy.PERSON),

  /** No TimescaleDB, or one that cannot be used. */
  TimescaleMissing(Remedy.NONE),
  /** TimescaleDB under the Apache licence: no policies, no compression, no aggregates. */
  TimescaleLicense(Remedy.NONE),
  /** TimescaleDB community is there. */
  TimescaleCommunity(Remedy.NONE),

  /** A schema of {@code tenants.schemas} does not exist. */
  SchemaMissing(Remedy.PERSON),
  /** A declared table does not exist, under {@code onMissingTable: Fail}. */
  TableMissing(Remedy.PERSON),
  /** A declared table does not exist yet, under {@code onMissingTable: Wait}. */
  WaitingForTable(Remedy.NONE),
  /** A declared table does not exist, under {@code onMissingTable: Skip}. */
  TableSkipped(Remedy.NONE),
  /** A new tenant whose tables have not looked the same long enough ({@code tenants.settle}). */
  Settling(Remedy.NONE),
  /** The tenant, table or index vanished while it was worked on. */
  Gone(Remedy.TIME),
  /**
   * Another session holds what we need: the same owner's other worker, a running build, a lock on
   * the table.
   */
  Busy(Remedy.TIME),

  /** An aggregate has another query, or other refresh policies, than the declared ones. */
  DefinitionDiffers(Remedy.PERSON),
  /** A killed {@code REINDEX CONCURRENTLY} left an invalid index that is not of ours. */
  IndexInvalid(Remedy.PERSON),
  /** Under a reserved name an index is left that bears nobody's mark, and nobody declares. */
  LeftoverUnowned(Remedy.PERSON),
  /** The declared name is taken by another kind of relation, or by an index of another table. */
  NameTaken(Remedy.PERSON),
  /**
   * PostgreSQL refuses the declared definition: unknown column, non-immutable function, unknown
   * operator class, …; or rows that its expressions cannot be computed from or that do not fit into
   * an index.
   */
  DefinitionRefused(Remedy.PERSON),
  /** An equal index under another name stands for the declared one. */
  SatisfiedBy(Remedy.NONE),
  /** SQLSTATE 23505 or 23P01: rows break the declared unique index. */
  DuplicateRows(Remedy.PERSON),
  /** What is declared cannot be had on this kind of table, or on this server version. */
  NotSupported(Remedy.PERSON),
  /** The built index is not what was declared; it was not published. */
  VerificationFailed(Remedy.PERSON),
  /** A half-built index of ours cannot be removed now; it will be tried again. */
  LeftoverPending(Remedy.TIME),
  /** SQLSTATE 55P03, or waiting longer than {@code lockTimeout}. */
  LockTimeout(Remedy.TIME),
  /**
   * A build was not started, or waits, because another session's snapshot is older than it may be
   * for a build: a concurrent build would wait for it to end.
   */
  WaitingForSnapshot(Remedy.TIME),
  /**
   * A build was given up for a session that had waited longer than {@code lockTimeout} for a lock
   * that the build held; it is tried again.
   */
  YieldedTo(Remedy.TIME),
  /** A build ran, or waited, longer than {@code buildTimeout}. */
  BuildTimeout(Remedy.TIME),
  /** SQLSTATE 40P01 or 57014: the statement was cancelled or lost a deadlock. */
  Interrupted(Remedy.TIME),

  /** The declared hypertable is a plain table, and {@code convert} does not let us convert it. */
  NotHypertable(Remedy.PERSON),
  /** The hypertable is partitioned by another column than {@code timeColumn}. */
  TimeColumnDiffers(Remedy.PERSON),
  /** The table, an index or a foreign key stands in the way of the conversion to a hypertable. */
  ConversionBlocked(Remedy.PERSON),
  /**
   * The interval's type does not fit the time column: whole numbers for integer time, intervals for
   * the rest.
   */
  IntervalTypeDiffers(Remedy.PERSON),
  /** The table's owner has no LOGIN: TimescaleDB runs no job for it (SQLSTATE 28000). */
  OwnerCannotLogin(Remedy.PERSON),
  /**
   * Retention would drop what a refresh still reads, or the refreshed window is shorter than two
   * buckets: nothing of either is touched.
   */
  RefreshWindowInvalid(Remedy.PERSON),
  /** No continuous aggregate can be here, and {@code fallback} is Skip. */
  AggregateSkipped(Remedy.NONE),
  /** A materialized view stands in where a continuous aggregate could be. */
  FallbackServes(Remedy.NONE),
  /**
   * The query, or what stands on the tables under it, runs a tenant's own code, which the operator
   * does not: its first fill is left to the owner.
   */
  FillLeftToOwner(Remedy.NONE),
  /**
   * A policy's job fails at every run, or would: integer time without a function that tells the
   * present, a limit that ends it too early, failures that do not pass.
   */
  JobCannotRun(Remedy.PERSON),
  /** A person paused the policy's job ({@code scheduled = false}); it is not un-paused. */
  JobPaused(Remedy.NONE),
  /**
   * A superuser owns the table: only plain columns are built on it, unless {@code
   * safety.allowSuperuserOwned}.
   */
  SuperuserOwned(Remedy.PERSON),
  /**
   * To read the definition could run a tenant's own code (a domain's check) in a session that could
   * become another role.
   */
  TenantCodeRefused(Remedy.PERSON),
  /** A function of an event trigger raised an error at a statement of ours. */
  EventTriggerRefused(Remedy.PERSON),

  /** The resource is being deleted, and what it made in the database is taken back. */
  Deleting(Remedy.TIME),

  /** Something outside these reasons; the message has the SQLSTATE. */
  DatabaseError(Remedy.TIME),
  /** A defect of the operator; the log has the stack trace. */
  InternalError(Remedy.TIME),

  /** Event: the resource is gone, and what it had made in the database is too. */
  TakenBack(Remedy.NONE),
  /** Event: the resource is gone, and what it had made in the database is still there. */
  NotTakenBack(Remedy.NONE),
  /** Event: a new tenant schema was found. */
  TenantFound(Remedy.NONE),
  /** Event: a schema is no tenant any more; everything in it stays. */
  Released(Remedy.NONE),
  /** Event: what somebody changed or removed is as declared again. */
  DriftCorrected(Remedy.NONE),
  /** Event: the Secret changed and the connection was made anew. */
  Reconnected(Remedy.NONE);

  /** Who makes a reason go away. */
  public enum Remedy {
    /** Nobody: it is not a problem. */
    NONE,
    /** A retry. */
    TIME,
    /** A person: the resource is {@code Stalled} while it lasts, and still retried on interval. */
    PERSON
  }

  private final Remedy remedy;

  Reason(Remedy remedy) {
    this.remedy = remedy;
  }

  /** Who makes this reason go away. */
  public Remedy remedy() {
    return remedy;
  }

  /** True when only a person can make this reason go away (kstatus: {@code Stalled}). */
  public boolean stalls() {
    return remedy == Remedy.PERSON;
  }

  /** True when the whole database must be left alone at once, whatever else is planned. */
  public boolean haltsDatabase() {
    return this == ServerUnavailable || this == ConnectionFailed || this == NotPrimary;
  }
}

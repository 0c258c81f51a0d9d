package io.tenantdb.model;

/** The policies of a hypertable that a spec can declare. */
public enum PolicyKind {
  COMPRESSION(Mark.COMPRESSION, "policy_compression", "compress_after"),
  RETENTION(Mark.RETENTION, "policy_retention", "drop_after");

  private final String markName;
  private final String procedure;
  private final String configKey;

  PolicyKind(String markName, String procedure, String configKey) {
    this.markName = markName;
    this.procedure = procedure;
    this.configKey = configKey;
  }

  /** {@code name=} of the job's mark; also the function {@code add_<name>_policy}. */
  public String markName() {
    return markName;
  }

  /**
   * {@code proc_name} of the job; the same in all versions, unlike the application name and the
   * schema.
   */
  public String procedure() {
    return procedure;
  }

  Effect.Aspect aspect() {
    return this == COMPRESSION ? Effect.Aspect.COMPRESSION : Effect.Aspect.RETENTION;
  }

  /** Key of the lag in the job's config. */
  public String configKey() {
    return configKey;
  }
}

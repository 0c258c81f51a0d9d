package io.tenantdb.plan;

import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.IntegerNow;
import io.tenantdb.model.JobState;
import io.tenantdb.model.Mark;
import io.tenantdb.model.Observed.OwnerRights;
import io.tenantdb.model.ObservedAggregate;
import io.tenantdb.model.ObservedAggregate.RefreshJob;
import io.tenantdb.model.ObservedHypertable.Job;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import java.util.List;
import java.util.Optional;

/**
 * Judges whether TimescaleDB can run the job of one policy: it adds, and keeps, jobs that fail at
 * every run, and nobody hears of it. Says so before the policy is made, and at every look at one
 * that is there.
 */
final class JobHealth {

  private final TenantDraft draft;
  private final ObservedTable relation;
  private final Policy policy;

  /**
   * What a policy needs.
   *
   * @param name {@code compression}, {@code retention} or {@code refresh}
   * @param removal the function that removes it
   * @param integerNow what tells the present of the time column that it reckons with
   * @param timed the hypertable whose function that is; empty where it is below other aggregates
   * @param unreadable what the aggregate's owner may not read
   */
  private record Policy(
      String name,
      String removal,
      IntegerNow integerNow,
      Optional<String> timed,
      List<String> unreadable) {}

  /** A job, whatever its kind. */
  private record Live(int id, String owner, boolean scheduled, JobState state) {}

  /**
   * Why a job cannot run.
   *
   * @param lasts no change of the policy that is due can be made before either
   */
  private record Trouble(Reason reason, String sentence, boolean lasts) {}

  private JobHealth(TenantDraft draft, ObservedTable relation, Policy policy) {
    this.draft = draft;
    this.relation = relation;
    this.policy = policy;
  }

  /** Of a compression or retention policy of a hypertable. */
  static JobHealth of(TenantDraft draft, ObservedTable table, String name, IntegerNow integerNow) {
    return new JobHealth(
        draft,
        table,
        new Policy(
            name, "remove_" + name + "_policy", integerNow, Optional.of(table.name()), List.of()));
  }

  /** Of the refresh policy of a continuous aggregate that is there. */
  static JobHealth of(
      TenantDraft draft, ObservedTable relation, ObservedAggregate live, ObservedTable source) {
    return new JobHealth(
        draft,
        relation,
        new Policy(
            Mark.REFRESH,
            "remove_continuous_aggregate_policy",
            live.integerNow(),
            timed(source),
            live.unreadable()));
  }

  /** Of the refresh policy of a continuous aggregate that is to be made over the source. */
  static JobHealth of(TenantDraft draft, ObservedTable source, IntegerNow integerNow) {
    return new JobHealth(
        draft,
        source,
        new Policy(
            Mark.REFRESH,
            "remove_continuous_aggregate_policy",
            integerNow,
            timed(source),
            List.of()));
  }

  private static Optional<String> timed(ObservedTable source) {
    return Optional.of(source)
        .filter(table -> table.kind() != ObservedTable.Kind.CONTINUOUS_AGGREGATE)
        .map(ObservedTable::name);
  }

  /**
   * True where a policy that is to be made could run, as the owner of the relation; else says why
   * it could not.
   */
  boolean couldRun(String object) {
    Optional<Trouble> trouble = ofRole(relation.owner(), object).or(() -> ofPolicy(object));
    trouble.ifPresent(t -> draft.find(Verdict.FAILED, object, t.reason(), t.sentence()));
    return trouble.isEmpty();
  }

  /**
   * Says why the job cannot run, and whether it is paused.
   *
   * @param verdict what it means for the tenant that it cannot
   * @return false where no change of it can be made before that is mended
   */
  boolean look(String object, Job job, Verdict verdict) {
    return look(object, new Live(job.id(), job.owner(), job.scheduled(), job.state()), verdict);
  }

  /** The same of a refresh policy's job. */
  boolean look(String object, RefreshJob job, Verdict verdict) {
    return look(object, new Live(job.id(), job.owner(), job.scheduled(), job.state()), verdict);
  }

  private boolean look(String object, Live job, Verdict verdict) {
    String words = "job " + job.id() + " (" + object + ")";
    boolean paused = !job.scheduled() && !job.state().givenUp();
    if (paused || job.state().neverStarts()) {
      draft.find(
          Verdict.NOTE,
          object,
          Reason.JobPaused,
          paused
              ? words + " is paused by a person and stays so."
              : words
                  + " has next_start infinity and never starts; SELECT alter_job("
                  + job.id()
                  + ", next_start => now()) starts it.");
    }
    Optional<Trouble> trouble =
        ofOwner(job, words)
            .or(() -> ofRole(job.owner(), words))
            .or(() -> ofPolicy(object))
            .or(() -> ofState(job, words));
    trouble
        .filter(t -> !paused)
        .ifPresent(t -> draft.find(verdict, object, t.reason(), t.sentence()));
    return trouble.filter(Trouble::lasts).isEmpty();
  }

  /** TimescaleDB asks for the rights of the relation's owner when the job runs, not before. */
  private Optional<Trouble> ofOwner(Live job, String words) {
    boolean acts =
        job.owner().equals(relation.owner())
            || draft.rights(job.owner()).actsFor().contains(relation.owner());
    return acts
        ? Optional.empty()
        : Optional.of(
            new Trouble(
                Reason.InsufficientPrivilege,
                words
                    + " belongs to "
                    + job.owner()
                    + ", "
                    + relation.name()
                    + " to "
                    + relation.owner()
                    + ", whose rights that role lacks, and fails at every run; SELECT "
                    + policy.removal()
                    + "("
                    + Identifiers.literal(draft.target(relation).relation())
                    + ") as "
                    + relation.owner()
                    + ", and it is made anew for that role",
                true));
  }

  private Optional<Trouble> ofRole(String role, String words) {
    OwnerRights rights = draft.rights(role);
    if (!rights.login()) {
      return trouble(
          Reason.OwnerCannotLogin,
          words
              + " cannot run: TimescaleDB runs no jobs for "
              + role
              + ", which lacks LOGIN; ALTER ROLE "
              + Identifiers.quote(role)
              + " LOGIN");
    }
    if (!rights.connect()) {
      return trouble(
          Reason.InsufficientPrivilege,
          words
              + " cannot run: "
              + role
              + " lacks CONNECT on the database; GRANT CONNECT ON DATABASE … TO "
              + Identifiers.quote(role));
    }
    if (!rights.callsPolicies()) {
      return trouble(
          Reason.InsufficientPrivilege,
          words
              + " cannot run: "
              + role
              + " may not call TimescaleDB's policy procedures; GRANT USAGE ON SCHEMA"
              + " _timescaledb_functions TO "
              + Identifiers.quote(role)
              + ", and EXECUTE on its procedures policy_*");
    }
    // The one procedure that looks its hypertable up by name.
    if (policy.name().equals(Mark.COMPRESSION)
        && role.equals(relation.owner())
        && !rights.superuser()
        && !draft.tenant().enterableBy().contains(role)) {
      return trouble(
          Reason.InsufficientPrivilege,
          words
              + " cannot run: "
              + role
              + " lacks USAGE on the schema; GRANT USAGE ON SCHEMA "
              + Identifiers.quote(draft.schema())
              + " TO "
              + Identifiers.quote(role));
    }
    return Optional.empty();
  }

  private Optional<Trouble> ofPolicy(String object) {
    String words = object + " cannot run: ";
    String timed = policy.timed().orElse("the hypertable that it reads");
    String function =
        "SELECT set_integer_now_func("
            + policy
                .timed()
                .map(table -> Identifiers.literal(Identifiers.qualified(draft.schema(), table)))
                .orElse("<hypertable>")
            + ", <function>";
    if (policy.integerNow() == IntegerNow.UNSET) {
      return Optional.of(
          new Trouble(
              Reason.JobCannotRun,
              words
                  + timed
                  + " has integer time and no integer_now function, which tells the present; "
                  + function
                  + ")",
              true));
    }
    if (policy.integerNow() == IntegerNow.UNUSABLE) {
      return Optional.of(
          new Trouble(
              Reason.JobCannotRun,
              words
                  + "the integer_now function of "
                  + timed
                  + " is gone, returns another type than the time column, or is in a schema that the"
                  + " owner may not use; restore it, or "
                  + function
                  + ", replace_if_exists => true)",
              true));
    }
    if (!policy.unreadable().isEmpty()) {
      return trouble(
          Reason.InsufficientPrivilege,
          words
              + relation.owner()
              + ", the owner of the aggregate, lacks "
              + String.join(", ", policy.unreadable())
              + "; GRANT it");
    }
    return Optional.empty();
  }

  private static Optional<Trouble> ofState(Live job, String words) {
    String again = "SELECT alter_job(" + job.id() + ", ";
    if (job.state().givenUp()) {
      return trouble(
          Reason.JobCannotRun,
          words
              + " was given up by TimescaleDB after max_retries failures in a row; mend what"
              + " timescaledb_information.job_errors says, and "
              + again
              + "scheduled => true)");
    }
    if (job.state().cutShort()) {
      return trouble(
          Reason.JobCannotRun,
          words
              + " is ended before its work is done, because max_runtime is less than a second; "
              + again
              + "max_runtime => interval '0') lifts the limit");
    }
    return job.state()
        .failing()
        .flatMap(
            failing ->
                trouble(
                    Reason.JobCannotRun,
                    words
                        + " failed at its last "
                        + failing.runs()
                        + " runs, with SQLSTATE "
                        + failing.sqlState()
                        + "; mend what timescaledb_information.job_errors says, and "
                        + again
                        + "next_start => now())"));
  }

  private static Optional<Trouble> trouble(Reason reason, String sentence) {
    return Optional.of(new Trouble(reason, sentence, false));
  }
}

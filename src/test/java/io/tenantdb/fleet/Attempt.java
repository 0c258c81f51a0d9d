package io.tenantdb.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.database.Database;
import io.tenantdb.database.DatabaseException;
import io.tenantdb.desired.InvalidSpecException;
import io.tenantdb.desired.Resolution;
import io.tenantdb.model.Desired;
import io.tenantdb.model.Finding;
import io.tenantdb.model.Reason;
import io.tenantdb.model.TenantPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A spec, resolved and applied.
 *
 * @param outcome empty where the spec was refused before anything was sent
 * @param said what the resource's author hears
 * @param defect an exception that is none of those that are meant for authors
 */
record Attempt(Optional<Outcome> outcome, List<String> said, Optional<Throwable> defect) {

  private static final ObjectMapper JSON = new ObjectMapper();

  static Attempt make(Database database, JsonNode spec) {
    Desired desired;
    try {
      desired = desired(spec);
    } catch (InvalidSpecException e) {
      return new Attempt(Optional.empty(), e.problems(), Optional.empty());
    } catch (RuntimeException e) {
      return new Attempt(Optional.empty(), List.of(), Optional.of(e));
    }
    try {
      Outcome outcome = new Engine().pass(database, desired, Gate.OPEN, PassListener.NONE);
      return new Attempt(Optional.of(outcome), said(outcome), defect(outcome));
    } catch (DatabaseException e) {
      return new Attempt(Optional.empty(), List.of(e.getMessage()), Optional.of(e));
    } catch (RuntimeException e) {
      return new Attempt(Optional.empty(), List.of(), Optional.of(e));
    }
  }

  static Desired desired(JsonNode spec) {
    return Resolution.template("platform", "fruit", spec(spec));
  }

  static TenantDatabaseSpec spec(JsonNode spec) {
    return JSON.convertValue(spec, TenantDatabaseSpec.class);
  }

  /** Failures, and findings that are no failures: a table that is not there. */
  static List<String> said(Outcome outcome) {
    List<String> said = new ArrayList<>();
    outcome.failures().forEach(failure -> said.add(failure.message()));
    for (TenantPlan tenant : outcome.plan().tenants()) {
      tenant.findings().stream()
          .filter(
              finding ->
                  finding.verdict() == Finding.Verdict.WAITING
                      || finding.reason() == Reason.TableSkipped)
          .forEach(finding -> said.add(finding.message()));
    }
    outcome.held().ifPresent(held -> said.add(held.message()));
    return said;
  }

  private static Optional<Throwable> defect(Outcome outcome) {
    return outcome.failures().stream()
        .filter(f -> f.reason() == Reason.InternalError || f.reason() == Reason.Progressing)
        .findFirst()
        .map(f -> new AssertionError(f.toString()));
  }
}

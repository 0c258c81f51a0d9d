package io.tenantdb.canonical;

import io.tenantdb.model.Canonical.AggregateKey;
import io.tenantdb.model.CanonicalAggregate;
import io.tenantdb.model.CanonicalAggregate.Buildable;
import io.tenantdb.model.CanonicalAggregate.Refused;
import io.tenantdb.model.CanonicalAggregate.Unknown;
import io.tenantdb.model.Reason;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Finds the forms of many queries, each in a transaction of its own. */
final class AggregateForms {
  private final Connection connection;
  private final Supplier<Connection> alone;

  /**
   * @param alone gives a session that is used for one trial, and ends then
   */
  AggregateForms(Connection connection, Supplier<Connection> alone) {
    this.connection = connection;
    this.alone = alone;
  }

  /** The form of each. What cannot be told in one tenant is tried in the next that is like it. */
  Map<AggregateKey, CanonicalAggregate> of(Map<AggregateKey, QueryTask> tasks) throws SQLException {
    Map<AggregateKey, CanonicalAggregate> forms = new HashMap<>();
    for (Map.Entry<AggregateKey, QueryTask> task : tasks.entrySet()) {
      forms.put(task.getKey(), of(task.getValue()));
    }
    return forms;
  }

  private CanonicalAggregate of(QueryTask task) throws SQLException {
    Optional<Refused> problem = Queries.problem(task);
    if (problem.isPresent()) {
      return problem.get();
    }
    CanonicalAggregate form = new Unknown(Reason.InternalError, "it was not looked at");
    for (ViewSite site : task.sites()) {
      try (TempView view = new TempView(connection, site)) {
        form = view.form(task);
      }
      if (form instanceof Buildable buildable) {
        form = ContinuousTrial.asked(connection, alone, site, task, buildable);
      }
      if (!(form instanceof Unknown)) {
        return form;
      }
    }
    return form;
  }
}

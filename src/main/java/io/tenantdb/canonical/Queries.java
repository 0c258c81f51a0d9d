package io.tenantdb.canonical;

import io.tenantdb.model.CanonicalAggregate.Refused;
import io.tenantdb.model.Reason;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.postgresql.core.NativeQuery;
import org.postgresql.core.Parser;

/** Holds an aggregate's query to the place that it is meant for: behind {@code AS}, alone. */
final class Queries {

  private Queries() {}

  /** Why the query may not be sent to a server at all; empty where it may. */
  static Optional<Refused> problem(QueryTask task) {
    return FragmentScanner.problem(task.query())
        .or(() -> oneStatement(task))
        .map(said -> new Refused(Reason.SpecInvalid, "", task.field() + " " + said + "."));
  }

  /** The driver's own view of the whole statement. */
  private static Optional<String> oneStatement(QueryTask task) {
    try {
      List<NativeQuery> queries =
          Parser.parseJdbcSql("CREATE VIEW v AS\n" + task.query(), true, false, true, false, false);
      return queries.size() == 1 ? Optional.empty() : Optional.of("is more than one statement");
    } catch (SQLException e) {
      return Optional.of("cannot be read as SQL");
    }
  }
}

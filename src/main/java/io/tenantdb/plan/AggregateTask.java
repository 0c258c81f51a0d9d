package io.tenantdb.plan;

import io.tenantdb.model.CanonicalAggregate;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.Finding.Verdict;
import io.tenantdb.model.ObservedTable;
import io.tenantdb.model.Reason;
import io.tenantdb.model.Target;

/**
 * One aggregate of one tenant, and what PostgreSQL makes of the query that it is to have.
 *
 * @param source the relation of the tenant whose owner the aggregate gets
 */
record AggregateTask(
    TenantDraft draft,
    DesiredAggregate aggregate,
    CanonicalAggregate.Buildable form,
    ObservedTable source) {

  String name() {
    return aggregate.name();
  }

  /** The aggregate that is to be made. */
  Target target() {
    return new Target(draft.schema(), name(), source.owner());
  }

  void find(Verdict verdict, Reason reason, String sentence) {
    draft.find(verdict, name(), reason, sentence);
  }

  void find(Verdict verdict, Reason reason, String sqlState, String sentence) {
    draft.find(verdict, name(), reason, sqlState, sentence);
  }

  /** Says so where a superuser owns the relation: the query would run with his rights. */
  boolean isSuperuserOwned(ObservedTable relation) {
    boolean superuser = draft.superuserOwned(relation);
    if (superuser) {
      find(
          Verdict.FAILED,
          Reason.SuperuserOwned,
          relation.name()
              + " belongs to the superuser "
              + relation.owner()
              + ", whose rights the query of "
              + name()
              + " would run with; give the relation to another role.");
    }
    return superuser;
  }
}

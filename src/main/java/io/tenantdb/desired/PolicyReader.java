package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.Grammar;
import io.tenantdb.api.v1alpha1.IntOrText;
import io.tenantdb.api.v1alpha1.OrderBySpec;
import io.tenantdb.model.OrderBy;
import io.tenantdb.model.PolicyState;
import io.tenantdb.model.TenantOverride;
import io.tenantdb.model.TimeSpan;
import java.util.List;
import java.util.Optional;

/**
 * Reads the policies of a hypertable, field by field, and the lengths of time of an aggregate's: a
 * field that is absent reads as empty, in {@code spec.hypertables} as in an override.
 */
final class PolicyReader {

  private final Fields fields;
  private final Problems problems;

  PolicyReader(Fields fields) {
    this.fields = fields;
    this.problems = fields.problems();
  }

  /** The fields of a compression policy. */
  TenantOverride.Compression compression(
      String path,
      String state,
      IntOrText after,
      List<String> segmentBy,
      List<OrderBySpec> orderBy,
      String every) {
    return new TenantOverride.Compression(
        state(path + ".state", state),
        span(path + ".after", after),
        some(fields.distinct(path + ".segmentBy", segmentBy, fields::name)),
        some(fields.each(path + ".orderBy", orderBy, this::orderBy)),
        schedule(path + ".every", every));
  }

  /** The fields of a retention policy. */
  TenantOverride.Retention retention(String path, String state, IntOrText dropAfter, String every) {
    return new TenantOverride.Retention(
        state(path + ".state", state),
        span(path + ".dropAfter", dropAfter),
        schedule(path + ".every", every));
  }

  /** A length of database time. */
  Optional<TimeSpan> span(String path, IntOrText value) {
    if (value == null) {
      return Optional.empty();
    }
    if (value.number() != null) {
      if (value.number() < 1) {
        problems.add(path, "must be greater than 0; it is " + value + ".");
      }
      return Optional.of(new TimeSpan.Whole(value.number()));
    }
    return interval(path, value.text()).map(text -> new TimeSpan.Interval(text));
  }

  /** Time between two runs of a job. */
  Optional<String> schedule(String path, String value) {
    Optional<String> text = value == null ? Optional.empty() : interval(path, value);
    if (text.flatMap(IntervalText::parse).filter(i -> !i.schedulable()).isPresent()) {
      problems.add(path, Grammar.MONTHS_AND_DAYS_MESSAGE);
    }
    return text;
  }

  private Optional<String> interval(String path, String value) {
    if (value == null || IntervalText.parse(value).isEmpty()) {
      problems.add(
          path, "must be " + IntervalText.MEANING + "; it is " + Problems.shown(value) + ".");
      return Optional.empty();
    }
    return Optional.of(value);
  }

  private Optional<PolicyState> state(String path, String value) {
    return Optional.ofNullable(value).map(v -> fields.word(path, v, "Present", Words.STATE));
  }

  private OrderBy orderBy(String path, OrderBySpec spec) {
    boolean descending = fields.word(path + ".order", spec.order(), "Asc", Words.ORDER);
    boolean nullsFirst =
        fields.word(path + ".nulls", spec.nulls(), descending ? "First" : "Last", Words.NULLS);
    return new OrderBy(fields.name(path + ".column", spec.column()), descending, nullsFirst);
  }

  private static <T> Optional<List<T>> some(List<T> list) {
    return list.isEmpty() ? Optional.empty() : Optional.of(List.copyOf(list));
  }
}

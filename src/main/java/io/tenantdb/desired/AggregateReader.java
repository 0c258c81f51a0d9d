package io.tenantdb.desired;

import io.tenantdb.api.v1alpha1.AggregateSpec;
import io.tenantdb.api.v1alpha1.AggregateSpec.RefreshSpec;
import io.tenantdb.api.v1alpha1.Grammar;
import io.tenantdb.model.DesiredAggregate;
import io.tenantdb.model.DesiredAggregate.Refresh;
import io.tenantdb.model.DesiredIndex;
import io.tenantdb.model.Identifiers;
import io.tenantdb.model.ReservedName;
import io.tenantdb.model.TimeSpan;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Reads {@code spec.aggregates}. */
final class AggregateReader {
  private static final Pattern SEMICOLON = Pattern.compile(Grammar.SEMICOLON);
  static final String PATH = "spec.aggregates";
  private static final String KEY = "_key";

  private final Fields fields;
  private final Problems problems;
  private final PolicyReader policies;
  private final AggregateRules rules;

  AggregateReader(Fields fields, PolicyReader policies, AggregateRules rules) {
    this.fields = fields;
    this.problems = fields.problems();
    this.policies = policies;
    this.rules = rules;
  }

  /** The aggregates, in the order of the spec. */
  List<DesiredAggregate> read(List<AggregateSpec> specs) {
    Map<String, String> paths = new HashMap<>();
    return fields.each(
        PATH,
        specs,
        (path, spec) -> {
          int before = problems.count();
          DesiredAggregate aggregate = aggregate(path, spec);
          String earlier = paths.putIfAbsent(aggregate.name(), path);
          if (earlier != null) {
            problems.add(
                path + ".name",
                Problems.shown(aggregate.name())
                    + " is the name of "
                    + earlier
                    + " too: an aggregate's name is unique in its schema.");
          }
          if (problems.count() == before) {
            rules.check(path, aggregate);
          }
          return aggregate;
        });
  }

  private DesiredAggregate aggregate(String path, AggregateSpec spec) {
    String name = fields.name(path + ".name", spec.name());
    if (name.startsWith(ReservedName.PREFIX) || name.startsWith("_timescaledb_")) {
      problems.add(path + ".name", Grammar.RESERVED_MESSAGE);
    }
    if (spec.query() == null) {
      problems.add(path + ".query", "is required.");
    }
    String query = query(path + ".query", spec.query()).orElse("");
    Optional<String> fallbackQuery = query(path + ".fallbackQuery", spec.fallbackQuery());
    List<String> uniqueColumns =
        fields.distinct(path + ".uniqueColumns", spec.uniqueColumns(), fields::name);
    Set<String> mentions = new TreeSet<>(QueryNames.of(query));
    fallbackQuery.map(QueryNames::of).ifPresent(mentions::addAll);
    return SpecHash.hashed(
        new DesiredAggregate(
            name,
            query,
            Objects.requireNonNullElse(spec.materializedOnly(), Defaults.MATERIALIZED_ONLY),
            Optional.ofNullable(spec.refresh()).flatMap(r -> refresh(path + ".refresh", r)),
            fields.word(path + ".fallback", spec.fallback(), Defaults.FALLBACK, Words.FALLBACK),
            fallbackQuery,
            uniqueColumns.isEmpty() ? Optional.empty() : Optional.of(key(name, uniqueColumns)),
            mentions,
            ""));
  }

  /** PostgreSQL's parser has the last word; a semicolon would stand in the middle of our DDL. */
  private Optional<String> query(String path, String text) {
    Optional<String> query = fields.fragment(path, text);
    if (query.filter(q -> SEMICOLON.matcher(q).find()).isPresent()) {
      problems.add(path, Grammar.SEMICOLON_MESSAGE);
    }
    return query;
  }

  private Optional<Refresh> refresh(String path, RefreshSpec spec) {
    if (spec.every() == null) {
      problems.add(path + ".every", "is required.");
    }
    if (spec.endOffset() == null) {
      problems.add(path + ".endOffset", "is required.");
    }
    Optional<String> every = policies.schedule(path + ".every", spec.every());
    Optional<TimeSpan> startOffset = policies.span(path + ".startOffset", spec.startOffset());
    Optional<TimeSpan> endOffset = policies.span(path + ".endOffset", spec.endOffset());
    return every.flatMap(
        text -> endOffset.map(end -> SpecHash.hashed(new Refresh(text, startOffset, end, ""))));
  }

  /** The name is cut as PostgreSQL cuts the names that it makes up itself. */
  private static DesiredIndex key(String aggregate, List<String> columns) {
    return SpecHash.hashed(
        new DesiredIndex(
            Identifiers.cut(aggregate, Identifiers.MAX_BYTES - KEY.length()) + KEY,
            aggregate,
            columns.stream().map(IndexReader::plain).toList(),
            Defaults.METHOD,
            true,
            false,
            List.of(),
            Optional.empty(),
            Map.of(),
            ""));
  }
}

package io.tenantdb.observe;

import io.tenantdb.model.TenantSelection;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Tells which schemas are tenants. */
public final class TenantSelector {
  private final Set<String> exact;
  private final List<Pattern> patterns;
  private final List<Pattern> exclude;

  /** Of a selection. */
  public TenantSelector(TenantSelection selection) {
    this.exact = new LinkedHashSet<>(selection.schemas());
    this.patterns = selection.patterns().stream().map(TenantSelector::glob).toList();
    this.exclude = selection.exclude().stream().map(TenantSelector::glob).toList();
  }

  /** True for a tenant; never for a schema of PostgreSQL or TimescaleDB. */
  public boolean selects(String schema) {
    return !isSystem(schema)
        && (exact.contains(schema) || matches(patterns, schema))
        && !matches(exclude, schema);
  }

  /** The exact names that no schema bears and that are not excluded. */
  Set<String> missing(Set<String> schemas) {
    return exact.stream()
        .filter(name -> !schemas.contains(name) && !matches(exclude, name))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static boolean isSystem(String schema) {
    return schema.startsWith("pg_")
        || schema.equals("information_schema")
        || schema.startsWith("_timescaledb_")
        || schema.startsWith("timescaledb_");
  }

  private static boolean matches(List<Pattern> globs, String schema) {
    return globs.stream().anyMatch(glob -> glob.matcher(schema).matches());
  }

  /** {@code *} any run, {@code ?} one character, all else literal. */
  private static Pattern glob(String glob) {
    List<String> parts = new ArrayList<>();
    glob.codePoints()
        .forEach(
            c ->
                parts.add(
                    switch (c) {
                      case '*' -> ".*";
                      case '?' -> ".";
                      default -> Pattern.quote(Character.toString(c));
                    }));
    return Pattern.compile(String.join("", parts), Pattern.DOTALL);
  }
}

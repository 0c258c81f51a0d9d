package io.tenantdb.model;

import java.util.Optional;

/**
 * The same index of many tenants.
 *
 * @param body empty where another session's lock hid it
 */
public record IndexTemplate(String table, String name, Optional<IndexBody> body) {

  /** The template of a live index. */
  public static IndexTemplate of(ObservedTable table, ObservedIndex index) {
    return new IndexTemplate(table.name(), index.name(), index.body());
  }
}

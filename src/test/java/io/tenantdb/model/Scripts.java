package io.tenantdb.model;

import java.util.List;

/** Scripts without what every block has, and without what is looked at. */
public final class Scripts {

  private Scripts() {}

  /** The lines of the statements that do something. */
  public static List<String> acts(Change change) {
    return change
        .script()
        .lines()
        .filter(
            line ->
                !line.matches(
                    "DO \\$tdb\\$|#variable_conflict .*| *BEGIN|END \\$tdb\\$;| *END;| *EXCEPTION .*"
                        + "| +SET LOCAL (search_path = pg_catalog; SET|DateStyle).*"
                        + "| *(IF|RAISE|END IF).*|.*IS NOT TRUE THEN|tie(_\\w+)? AS .*"))
        .map(String::strip)
        .toList();
  }
}

package io.tenantdb.database;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.regex.Pattern;

/** Takes passwords out of texts that others wrote: the server's and the driver's messages. */
final class Scrubber {
  private static final String STARS = "***";
  private static final Pattern PARAMETER =
      Pattern.compile("(?i)(password\\s*=\\s*)('(?:[^']|'')*+'|[^\\s&;,'\")]+)");
  private static final Pattern USER_INFO = Pattern.compile("(://[^/\\s:@]*:)[^/\\s@]+@");

  private final String password;

  Scrubber(Password password) {
    this.password = password.reveal();
  }

  /** For texts where the password is not known: only what is marked as one is taken out. */
  Scrubber() {
    this.password = "";
  }

  String scrub(String text) {
    String out = text;
    if (!password.isEmpty()) {
      out =
          out.replace(password, STARS)
              .replace(URLEncoder.encode(password, StandardCharsets.UTF_8), STARS)
              .replace(password.replace("'", "''"), STARS);
    }
    out = PARAMETER.matcher(out).replaceAll("$1***");
    return USER_INFO.matcher(out).replaceAll("$1***@");
  }

  /**
   * The exception, if it can be logged as it is; else one with the same SQLSTATE and stack trace
   * and a scrubbed text.
   */
  SQLException scrub(SQLException e) {
    boolean clean =
        SqlStates.chain(e).stream()
            .map(Throwable::getMessage)
            .allMatch(text -> text == null || scrub(text).equals(text));
    if (clean) {
      return e;
    }
    SQLException safe = new SQLException(scrub(SqlStates.primaryMessage(e)), SqlStates.state(e));
    safe.setStackTrace(e.getStackTrace());
    return safe;
  }
}

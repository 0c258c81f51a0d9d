package io.tenantdb.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A DO block: one statement, so that all of it happens or nothing, whatever the client makes of
 * errors and transactions. {@code BEGIN} and {@code COMMIT} do not give that: psql's {@code
 * ON_ERROR_ROLLBACK} commits what went well, and clients that roll back by themselves run the rest
 * outside.
 */
final class Block {

  private static final String INDENT = "  ";

  // Names are the catalog's, definitions are printed as the ones that they are compared with, and
  // whoever holds a lock keeps nobody waiting behind this.
  private static final String SETTINGS =
      "SET LOCAL search_path = pg_catalog; SET LOCAL quote_all_identifiers = off;"
          + " SET LOCAL TimeZone = 'UTC';\n"
          + "  SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL IntervalStyle = 'postgres';"
          + " SET LOCAL lock_timeout = '3s';";

  private final List<String> lines;
  private final String indent;

  private Block(List<String> lines, String indent) {
    this.lines = lines;
    this.indent = indent;
  }

  /** One that is run as the role, whatever the session's is. */
  static Block as(String role) {
    Block block = inTheSessionsRole();
    block.line(SETTINGS);
    return block.role(role);
  }

  /** One whose statements may commit, after which nothing local to a transaction is left. */
  static Block inTheSessionsRole() {
    return new Block(new ArrayList<>(), INDENT);
  }

  /** Goes on as the role. */
  Block role(String role) {
    return line("SET LOCAL ROLE " + Identifiers.quote(role) + ";");
  }

  /** Refuses, and with it the block, unless the condition holds. */
  Block require(String condition, String message, String hint) {
    line("IF (" + condition + ") IS NOT TRUE THEN");
    line(
        INDENT
            + "RAISE EXCEPTION USING MESSAGE = "
            + Identifiers.literal(message)
            + ", HINT = "
            + Identifiers.literal(hint)
            + ";");
    return line("END IF;");
  }

  /** Does something where the condition holds. */
  Block when(String condition, Consumer<Block> then) {
    line("IF " + condition + " THEN");
    then.accept(new Block(lines, indent + INDENT));
    return line("END IF;");
  }

  Block run(List<Statement> statements) {
    statements.forEach(this::run);
    return this;
  }

  /** A call that finds nothing to be called for refuses: a job that has gone, for one. */
  Block run(Statement statement) {
    if (statement.marking()) {
      line("BEGIN");
      new Block(lines, indent + INDENT).make(statement);
      line(
          "EXCEPTION WHEN feature_not_supported OR insufficient_privilege OR internal_error OR raise_exception THEN");
      line(INDENT + "RAISE WARNING 'made without its mark, which the server refuses: %', SQLERRM;");
      return line("END;");
    }
    return make(statement);
  }

  private Block make(Statement statement) {
    String sql = statement.display();
    if (!sql.startsWith("SELECT ")) {
      return line(sql + ";");
    }
    line("PERFORM" + sql.substring(6) + ";");
    return statement.finds()
        ? require(
            "FOUND",
            "what this is about is not there any more",
            "Run tenantdb plan --sql again: it goes by what is there now.")
        : this;
  }

  /** Runs the statement that the expression makes. */
  Block execute(String expression) {
    return line("EXECUTE " + expression + ";");
  }

  private Block line(String line) {
    lines.add(indent + line);
    return this;
  }

  /** The statement. */
  String text() {
    String body =
        // A column of a declared query may be called as a variable of the language is.
        "#variable_conflict use_column\nBEGIN\n" + String.join("\n", lines) + "\nEND ";
    String tag = "$tdb$";
    for (int i = 1; body.contains(tag); i++) {
      tag = "$tdb" + i + "$";
    }
    return "DO " + tag + "\n" + body + tag;
  }
}

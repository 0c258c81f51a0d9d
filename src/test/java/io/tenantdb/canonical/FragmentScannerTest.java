package io.tenantdb.canonical;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FragmentScannerTest {

  private static void accepts(String fragment) {
    assertThat(FragmentScanner.problem(fragment)).as(fragment).isEmpty();
  }

  private static void refuses(String fragment, String said) {
    assertThat(FragmentScanner.problem(fragment))
        .as(fragment)
        .hasValueSatisfying(problem -> assertThat(problem).contains(said));
  }

  @Test
  void acceptsWhatStaysInItsParentheses() {
    accepts("lower(name)");
    accepts("status IN ('a', 'b)') AND tags[1] = ';'");
    accepts("doc ? 'k' AND doc ->> 'a' = $$ ) $$");
    accepts("a = $tag$ $$ ; ) $tag$");
    accepts("a = E'it\\'s )' AND b = 'back\\'");
    accepts("a = 'x'\n 'y)' AND (b)");
    accepts("a = E'x'\n '\\')'");
    accepts("\"odd ) ; name\" > 0 -- ) ;");
    accepts("a /* ) ; /* nested ' */ ( */ > 0");
    accepts("a$b$c > 0");
    accepts("née > 0");
  }

  @Test
  void refusesParenthesesThatAreNotItsOwn() {
    refuses("a), (b", "closing )");
    refuses("a) ) INCLUDE (b) --", "closing )");
    refuses("(a", "opening (");
    refuses("a[1)", "closing )");
    refuses("a = 'x' ) AND (b = 'y'", "closing )");
  }

  @Test
  void refusesWhatItDoesNotClose() {
    refuses("a = 'x", "literal");
    refuses("a = E'x\\'", "literal");
    refuses("a = $x$ b $", "literal");
    refuses("\"a", "quoted name");
    refuses("a /* b", "comment");
    // The driver's scanner takes this for a closed comment, PostgreSQL's does not.
    refuses("a /*/ b", "comment");
  }

  @Test
  void refusesSeveralStatementsParametersAndNothing() {
    refuses("a; DROP TABLE b", "semicolon");
    refuses("a = $1", "parameter");
    refuses(" \n", "empty");
    refuses("-- only a comment", "empty");
    refuses("a \0", "NUL");
  }

  @Test
  void anEscapeStringKeepsItsKindInItsNextPart() {
    // In a plain literal the backslash means nothing, and the quote closes.
    accepts("a = E'x'\n'\\' ) OR (b = '");
    refuses("a = 'x'\n'\\' ) OR (b = ''", "closing )");
  }
}

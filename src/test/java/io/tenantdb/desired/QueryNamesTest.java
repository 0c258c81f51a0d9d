package io.tenantdb.desired;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class QueryNamesTest {

  @Test
  void unquotedNamesAreFoldedAndQuotedOnesKept() {
    names("SELECT Day FROM Tenant.\"Batches\"", "select", "day", "from", "tenant", "Batches");
    names("\"say \"\"hi\"\"\"", "say \"hi\"");
    names("a$1 _b é ÉTÉ \ud83c\udf4e", "a$1", "_b", "é", "ÉtÉ", "\ud83c\udf4e");
    names("\"from\".\"a.b\"", "from", "a.b");
    names("\"\" \"");
  }

  @Test
  void longNamesAreCutAsPostgresqlCutsThem() {
    names("x".repeat(64), "x".repeat(63));
    names("\"" + "é".repeat(32) + "\"", "é".repeat(31));
  }

  @Test
  void literalsHaveNoNames() {
    names("'a b' c", "c");
    names("'it''s d' c", "c");
    names("'back\\' c", "c");
    names("E'back\\' d' c e'\\\\' f", "c", "f");
    names("'a'\n'b d' c", "c");
    names("E'a' -- 'x\n 'b\\' d' c", "c");
    names("E'a' c 'b\\' d", "c", "d");
    names("name'x' c", "name", "c");
    names("U&'d\\0061' c", "u", "c");
    names("$$a 'b$$ c", "c");
    names("$q$a $$ b $Q$ $q$ c", "c");
    names("a$$b", "a$$b");
    names("$1 a", "a");
    names("$ a", "a");
    names("'never closed");
    names("$$never closed");
  }

  @Test
  void commentsHaveNoNames() {
    names("a -- b\rc", "a", "c");
    names("a -- b\nc", "a", "c");
    names("a /* b /* c */ d */ e", "a", "e");
    names("a /*/ b */ c", "a", "c");
    names("a /* never closed", "a");
    names("a - b / c * d", "a", "b", "c", "d");
  }

  @Test
  void numbersHaveNoNames() {
    names("1e5 0x1F 1_000 2.5e-3 1.5::float8", "float8");
    names("arr[1].batches", "arr", "batches");
  }

  @Test
  void namesInUnicodeEscapesAreRead() {
    names("U&\"d\\0061ta\\\\b\"", "data\\b");
    names("u&\"\\+01F34E\"", "\ud83c\udf4e");
    names("U&\"d!0061t!!a\" uescape '!' x", "dat!a", "uescape", "x");
    names("u & \"b\"", "u", "b");
  }

  private static void names(String query, String... names) {
    assertThat(QueryNames.of(query)).as(query).containsExactlyInAnyOrder(names);
  }
}

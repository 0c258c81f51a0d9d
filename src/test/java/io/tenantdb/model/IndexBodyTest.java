package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class IndexBodyTest {

  private static String body(String schema, String tail) {
    return IndexBody.ofTail(false, tail, schema).text();
  }

  @Test
  void theHeadIsCutOffByItsLength() {
    IndexBody body =
        IndexBody.of(
            "CREATE UNIQUE INDEX \"a USING b\" ON t1.\"x USING y\" USING btree (z)",
            true,
            "\"a USING b\"",
            "t1.\"x USING y\"",
            "t1");
    assertThat(body).isEqualTo(new IndexBody(true, "USING btree (z)"));
    assertThatThrownBy(() -> IndexBody.tail("CREATE INDEX a ON t USING btree (b)", false, "c", "t"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theTenantsSchemaIsReplacedWhereItQualifiesAName() {
    assertThat(body("t1", "USING btree (t1.f(a), (b)::t1.mood)"))
        .isEqualTo("USING btree (<tenant>.f(a), (b)::<tenant>.mood)");
    assertThat(body("\"T 1\"", "USING btree (\"T 1\".f(a))"))
        .isEqualTo("USING btree (<tenant>.f(a))");
  }

  @Test
  void theTenantsSchemaIsNotReplacedInsideOtherNamesAndLiterals() {
    String literal = "USING btree (a) WHERE (b = 't1.x'::text)";
    assertThat(body("t1", literal)).isEqualTo(literal);
    String escaped = "USING btree (a) WHERE (b = E'\\'t1.x'::text)";
    assertThat(body("t1", escaped)).isEqualTo(escaped);
    String doubled = "USING btree (a) WHERE (b = 'it''s t1.x'::text)";
    assertThat(body("t1", doubled)).isEqualTo(doubled);
    assertThat(body("c", "USING btree (abc.f(a), c.f(a))"))
        .isEqualTo("USING btree (abc.f(a), <tenant>.f(a))");
    assertThat(body("b", "USING btree (((x).b.c))")).isEqualTo("USING btree (((x).b.c))");
    assertThat(body("t1", "USING btree (\"a t1.b\")")).isEqualTo("USING btree (\"a t1.b\")");
  }

  @Test
  void aLiteralThatIsAnObjectsNameIsTheTenants() {
    String own = "USING gin (to_tsvector('<tenant>.fruits'::regconfig, a))";
    assertThat(body("t1", "USING gin (to_tsvector('t1.fruits'::regconfig, a))")).isEqualTo(own);
    assertThat(body("\"it's\"", "USING gin (to_tsvector('\"it''s\".fruits'::regconfig, a))"))
        .isEqualTo(own);
    String others = "USING gin (to_tsvector('xt1.fruits'::regconfig, a), ('t1.x'::regions))";
    assertThat(body("t1", others)).isEqualTo(others);
    String literal = "USING btree (a) WHERE (b = 'x''t1.x'::regclass)";
    assertThat(body("t1", literal)).isEqualTo(literal);
  }

  @Test
  void bodiesOfDifferentTenantsAreEqual() {
    assertThat(body("a", "USING btree (a.f(x)) WHERE (y = 'a.b'::text)"))
        .isEqualTo(body("zz", "USING btree (zz.f(x)) WHERE (y = 'a.b'::text)"));
  }

  private static List<String> keys(String text) {
    return new IndexBody(false, text).keys();
  }

  @Test
  void keysAreWhatStandsBetweenTheCommasOfTheList() {
    assertThat(keys("USING btree (a, b DESC NULLS LAST)"))
        .containsExactly("a", "b DESC NULLS LAST");
    assertThat(keys("USING btree (f(a, b), ((ARRAY[a, b])[1])) INCLUDE (c, d) WITH (x='1')"))
        .containsExactly("f(a, b)", "((ARRAY[a, b])[1])");
    assertThat(keys("USING gist (a gist_trgm_ops (siglen='32', x='1'), b) WHERE (c > 1)"))
        .containsExactly("a gist_trgm_ops (siglen='32', x='1')", "b");
    assertThat(keys("USING \"m(\" (a)")).containsExactly("a");
  }

  @Test
  void bracketsAndCommasInLiteralsAndNamesSeparateNoKeys() {
    assertThat(keys("USING btree (f(a, '(,'::text), \"b,)\", c)"))
        .containsExactly("f(a, '(,'::text)", "\"b,)\"", "c");
    assertThat(keys("USING btree (f('it''s (,'::text), b)"))
        .containsExactly("f('it''s (,'::text)", "b");
    assertThat(keys("USING btree (f(E'\\\\(,'::text), b)"))
        .containsExactly("f(E'\\\\(,'::text)", "b");
    assertThat(keys("USING btree (\"q\"\",\", b)")).containsExactly("\"q\"\",\"", "b");
  }
}

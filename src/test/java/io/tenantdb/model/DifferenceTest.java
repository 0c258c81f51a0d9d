package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DifferenceTest {
  private static final String KEYS =
      "btree (grower_id, orchard_id, intake_date DESC, fruit_type, packhouse_id)";

  @Test
  void whatFitsIsShownAsItIs() {
    assertThat(Difference.of("btree (a, b)", "btree (a,\n  c)", 40))
        .isEqualTo(new Difference("btree (a, b)", "btree (a, c)"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // of each side what must be seen
        "btree (…|fruit_type)|fruit_type, packhouse_id)",
        "…packhouse_id) WHERE open|WHERE open|WHERE closed",
        "…packhouse_id) WITH (fillfactor='70')|fillfactor='70'|fillfactor='90'",
      })
  void theEndOfALongIndexIsShownWhereItDiffers(String example, String ofFirst, String ofSecond) {
    String first =
        example.startsWith("…") ? KEYS + example.substring(14) : KEYS.replace(", packhouse_id", "");
    String second = first.replace(ofFirst, ofSecond);
    assertThat(first).isNotEqualTo(second);

    Difference shown = Difference.of(first, second, 50);
    assertThat(shown.before()).hasSizeLessThanOrEqualTo(50).startsWith("btree (").contains(ofFirst);
    assertThat(shown.after()).hasSizeLessThanOrEqualTo(50).startsWith("btree (").contains(ofSecond);
  }

  @Test
  void differencesInTwoPlacesAreBothShown() {
    String middle = ", " + "c".repeat(30) + ", " + "d".repeat(30);
    Difference shown =
        Difference.of(
            "btree (a" + middle + ", x) WHERE (open)",
            "btree (b" + middle + ", y) WHERE (open)",
            40);
    assertThat(shown.before()).isEqualTo("btree (a, …, x) …");
    assertThat(shown.after()).isEqualTo("btree (b, …, y) …");
  }

  @Test
  void whatOnlyOneSideHasIsShownOnBoth() {
    Difference shown = Difference.of(KEYS, KEYS + " WHERE (NOT is_deleted)", 50);
    assertThat(shown.before()).isEqualTo("btree (… packhouse_id)");
    assertThat(shown.after()).endsWith("packhouse_id) WHERE (NOT is_deleted)");
  }

  @Test
  void blanksInALiteralAreADifference() {
    Difference shown =
        Difference.of("btree (a) WHERE (b = 'x  y')", "btree (a) WHERE (b = 'x y')", 60);
    assertThat(shown.before()).isNotEqualTo(shown.after());
    assertThat(Difference.of("x = 'a\nb'", "x = 'a b'", 60).before()).isEqualTo("x = 'a\\nb'");
  }

  @Test
  void anAbsentOneSaysNothingOfWhatMatters() {
    Difference shown = Difference.of("absent", KEYS + " WHERE (NOT is_deleted)", 50);
    assertThat(shown.before()).isEqualTo("absent");
    assertThat(shown.after())
        .hasSize(50)
        .startsWith("btree (grower_id")
        .endsWith("NOT is_deleted)");
  }

  @Test
  void aLongLiteralThatDiffersAtItsEndIsShownFromThereOn() {
    String literal = "'" + "x".repeat(300);
    Difference shown = Difference.of("(b = " + literal + "1')", "(b = " + literal + "2')", 60);
    assertThat(shown.before()).hasSizeLessThanOrEqualTo(60).endsWith("x1')");
    assertThat(shown.after()).hasSizeLessThanOrEqualTo(60).endsWith("x2')");
  }

  @Test
  void twoThatDifferAreNeverShownAlike() {
    Random random = new Random(7);
    for (int n = 0; n < 3000; n++) {
      String one = text(random);
      String other = random.nextBoolean() ? text(random) : changed(one, random);
      int limit = 20 + random.nextInt(80);
      Difference shown = Difference.of(one, other, limit);
      if (!one.equals(other)) {
        assertThat(shown.before())
            .as("%s | %s | %d", one, other, limit)
            .isNotEqualTo(shown.after());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"'", "\""})
  void a_word_may_be_longer_than_any_stack(String quote) {
    String long1 = quote + "ab".repeat(200_000) + quote;
    String long2 = quote + (quote + quote + "b").repeat(200_000) + quote;
    Difference shown = Difference.of("note = " + long1, "note = " + long2, 40);
    assertThat(shown.before()).startsWith("note").isNotEqualTo(shown.after());
    assertThat(TenantFree.text("tenant_a.f(" + long1 + long2 + ")", "tenant_a"))
        .startsWith("<tenant>.f(" + quote + "ab");
  }

  private static String text(Random random) {
    return IntStream.range(0, random.nextInt(40))
        .mapToObj(i -> Character.toString('a' + random.nextInt(3)).repeat(1 + random.nextInt(6)))
        .collect(Collectors.joining(", ", "btree (", ")"));
  }

  private static String changed(String text, Random random) {
    int at = random.nextInt(text.length());
    return text.substring(0, at)
        + "z"
        + text.substring(Math.min(text.length(), at + random.nextInt(3)));
  }
}

package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Mark.Origin;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MarkTest {
  private static final String HASH = "0123456789abcdef";
  private static final Mark MADE =
      new Mark("platform/fruit", "ix_intake", "batches", HASH, Origin.MADE, false);
  private static final String LINE =
      "tenantdb:v1 owner=platform/fruit name=ix_intake table=batches spec=0123456789abcdef made";

  @Test
  void theLineIsWhatStandsInProductionCatalogs() {
    assertThat(MADE.text()).isEqualTo(LINE);
    assertThat(new Mark("o", "daily", "-", HASH, Origin.ADOPTED, true).text())
        .isEqualTo("tenantdb:v1 owner=o name=daily table=- spec=0123456789abcdef adopted filled");
  }

  @Test
  void everyMarkIsReadBackAsItWasWritten() {
    Stream.of("plain", "two words", "a+b%20c", "line\nbreak", "Größe 表", "\"quoted\" = 'x'", "a/b")
        .map(name -> new Mark("ns/" + name, name, name, HASH, Origin.ADOPTED, true))
        .forEach(mark -> assertThat(Mark.parse(mark.text())).contains(mark));
    assertThat(Mark.parse(LINE)).contains(MADE);
  }

  @Test
  void namesArePercentEncodedSoThatTheMarkIsOneLineOfWords() {
    Mark mark = new Mark("ns/a b", "x\ny", "größe+", HASH, Origin.MADE, false);
    assertThat(mark.text())
        .isEqualTo(
            "tenantdb:v1 owner=ns/a%20b name=x%0Ay table=gr%C3%B6%C3%9Fe%2B"
                + " spec=0123456789abcdef made");
  }

  @Test
  void aPersonsCommentStaysBelowTheMark() {
    assertThat(MADE.above("")).isEqualTo(LINE);
    assertThat(MADE.above("mine\nand more")).isEqualTo(LINE + "\nmine\nand more");
    assertThat(Mark.parse(MADE.above("mine"))).contains(MADE);
  }

  @Test
  void anOldMarkIsReplacedAndTheCommentBelowItKept() {
    Mark next = MADE.withSpec("fedcba9876543210");
    assertThat(next.above(MADE.above("mine\nand more")))
        .isEqualTo(next.text() + "\nmine\nand more");
    assertThat(next.above(MADE.text())).isEqualTo(next.text());
  }

  @Test
  void foreignAndMalformedTextsAreNoMarks() {
    assertThat(
            Stream.of(
                "",
                "\n",
                "a comment",
                "mine\n" + LINE,
                " " + LINE,
                LINE.replace("v1", "v2"),
                LINE.replace("spec=0123456789abcdef", "spec=0123"),
                LINE.replace(" made", ""),
                LINE.replace(" made", " found"),
                LINE.replace("name=ix_intake", "name="),
                LINE.replace("ix_intake", "ix%zz")))
        .allSatisfy(text -> assertThat(Mark.parse(text)).isEmpty());
  }

  @Test
  void unknownWordsAtTheEndAreKeptOutOfTheWay() {
    assertThat(Mark.parse(LINE + " later words")).contains(MADE);
  }

  @Test
  void aLineOfManyWordsIsReadInConstantStack() {
    assertThat(Mark.parse(LINE + " word".repeat(100_000))).contains(MADE);
    assertThat(Mark.parse(LINE + " word".repeat(100_000) + " ")).isEmpty();
    assertThat(Mark.parse(LINE + " " + "w".repeat(1_000_000))).contains(MADE);
  }

  @Test
  void whatIsKnownOfAnAggregatesRowsIsReadBackAsItWasWritten() {
    Instant slot = Instant.parse("2026-06-01T00:05:00Z");
    Mark mark = new Mark("o", "daily", Mark.NO_TABLE, HASH, Origin.MADE, false);
    String line = "tenantdb:v1 owner=o name=daily table=- spec=0123456789abcdef made";

    assertThat(mark.withRefreshed(slot).text()).isEqualTo(line + " refreshed=2026-06-01T00:05:00Z");
    assertThat(mark.withFilled().withRefreshed(slot).text())
        .isEqualTo(line + " filled refreshed=2026-06-01T00:05:00Z");
    assertThat(
            Stream.of(
                mark,
                mark.withFilled(),
                mark.withRefreshed(slot),
                mark.withRefreshed(slot.plusNanos(1000)),
                mark.withFilled().withRefreshed(slot).withSpec("fedcba9876543210")))
        .allSatisfy(m -> assertThat(Mark.parse(m.text())).contains(m));
    assertThat(Mark.parse(line + " refreshed=2026-06-01T00:05:00Z later filled"))
        .contains(mark.withFilled().withRefreshed(slot));
  }

  @Test
  void aTimeThatCannotBeReadMakesItNoMark() {
    assertThat(
            Stream.of("refreshed=", "refreshed=yesterday", "refreshed=2026-06-01", "refreshed=0"))
        .allSatisfy(word -> assertThat(Mark.parse(LINE + " " + word)).isEmpty());
  }
}

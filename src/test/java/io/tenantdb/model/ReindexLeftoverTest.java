package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ReindexLeftoverTest {

  private static boolean isOf(String name, String index) {
    return ReindexLeftover.parse(name).filter(leftover -> leftover.isOf(index)).isPresent();
  }

  @Test
  void theLabelFollowsTheName() {
    assertThat(isOf("ix_ccnew", "ix")).isTrue();
    assertThat(isOf("ix_ccold", "ix")).isTrue();
    assertThat(isOf("ix_ccnew12", "ix")).isTrue();
    assertThat(isOf("ix_ccnew", "ix2")).isFalse();
    assertThat(isOf("ix_ccnew_ccold", "ix_ccnew")).isTrue();
    assertThat(isOf("a\nb_ccnew", "a\nb")).isTrue();
  }

  @Test
  void otherNamesAreNone() {
    assertThat(ReindexLeftover.parse("ix")).isEmpty();
    assertThat(ReindexLeftover.parse("ix_ccnew0")).isEmpty();
    assertThat(ReindexLeftover.parse("ix_ccnewer")).isEmpty();
    assertThat(ReindexLeftover.parse("_ccnew")).isEmpty();
  }

  @Test
  void aLongNameIsCutSoThatAllOfItFits() {
    String longest = "x".repeat(63);
    assertThat(isOf("x".repeat(57) + "_ccnew", longest)).isTrue();
    assertThat(isOf("x".repeat(56) + "_ccnew1", longest)).isTrue();
    assertThat(isOf("x".repeat(56) + "_ccnew", longest)).isFalse();
    assertThat(isOf("x".repeat(57) + "_ccnew", "x".repeat(57) + "y")).isTrue();
  }

  @Test
  void aCharacterIsNotCutInTwo() {
    String index = "é".repeat(31);
    String leftover = "é".repeat(28) + "_ccold";
    assertThat(leftover.getBytes(StandardCharsets.UTF_8)).hasSize(62);
    assertThat(isOf(leftover, index)).isTrue();
  }
}

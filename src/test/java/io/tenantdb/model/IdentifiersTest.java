package io.tenantdb.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class IdentifiersTest {

  @Test
  void quotesWithinAreWrittenTwice() {
    assertThat(Identifiers.quote("a\"; DROP TABLE t; --")).isEqualTo("\"a\"\"; DROP TABLE t; --\"");
    assertThat(Identifiers.literal("it's \\ \"so\"")).isEqualTo("'it''s \\ \"so\"'");
  }

  @Test
  void namesAreJoinedQuoted() {
    assertThat(Identifiers.qualified("a.b", "C")).isEqualTo("\"a.b\".\"C\"");
    assertThat(Identifiers.list(List.of("a", "b,c"))).isEqualTo("\"a\", \"b,c\"");
  }

  @Test
  void theNulCharacterIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Identifiers.quote("a\0b"));
    assertThatIllegalArgumentException().isThrownBy(() -> Identifiers.literal("a\0b"));
  }
}

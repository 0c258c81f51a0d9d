package io.tenantdb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tenantdb.model.Reason;
import io.tenantdb.testing.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReasonsDocumentTest {

  @Test
  void everyReasonIsExplainedWithWhoMakesItGoAway() throws IOException {
    List<String> rows =
        Files.readAllLines(Checkout.root().resolve("docs/reasons.md")).stream()
            .filter(line -> line.startsWith("| `"))
            .toList();
    assertThat(rows)
        .extracting(row -> row.substring(0, row.indexOf('|', row.indexOf('|', 1) + 1) + 1))
        .containsExactlyElementsOf(
            Arrays.stream(Reason.values())
                .map(reason -> "| `" + reason + "` | " + who(reason) + " |")
                .toList());
    assertThat(rows).allMatch(row -> row.split(" \\| ", -1).length == 4);
  }

  private static String who(Reason reason) {
    return switch (reason.remedy()) {
      case NONE -> "–";
      case TIME -> "time";
      case PERSON -> "you";
    };
  }
}

package io.tenantdb.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScrubberTest {
  private static final String SECRET = "s3cr'et &pass/wörd";
  private final Scrubber scrubber = new Scrubber(new Password(SECRET));

  @Test
  void aPasswordIsTakenOutHoweverItIsWritten() {
    List<String> texts =
        List.of(
            "could not connect with " + SECRET + " today",
            "ALTER ROLE o PASSWORD 's3cr''et &pass/wörd'",
            "jdbc:postgresql://h/db?user=u&password=s3cr%27et+%26pass%2Fw%C3%B6rd");
    for (String text : texts) {
      assertThat(scrubber.scrub(text)).contains("***").doesNotContain("s3cr", "wörd", "w%C3%B6rd");
    }
  }

  @Test
  void whatIsMarkedAsAPasswordIsTakenOutWhereverItComesFrom() {
    Scrubber any = new Scrubber();
    assertThat(any.scrub("invalid URL postgres://fred:hunter2@db:5432/x"))
        .isEqualTo("invalid URL postgres://fred:***@db:5432/x");
    assertThat(any.scrub("could not connect: \"host=db password=hunter2 dbname=x\""))
        .isEqualTo("could not connect: \"host=db password=*** dbname=x\"");
    assertThat(any.scrub("could not connect: \"password='hunt er2' dbname=x\""))
        .isEqualTo("could not connect: \"password=*** dbname=x\"");
  }

  @Test
  void otherTextsStayAsTheyAre() {
    String text = "relation \"t1\".\"batches\" does not exist at https://host:5432/path";
    assertThat(scrubber.scrub(text)).isEqualTo(text);
    assertThat(new Scrubber(new Password("")).scrub(text)).isEqualTo(text);
  }

  @Test
  void a_password_that_is_longer_than_any_stack_goes_too() {
    String longOne = "it''s".repeat(200_000);
    assertThat(scrubber.scrub("password = '" + longOne + "' at the end"))
        .isEqualTo("password = *** at the end");
  }

  @Test
  void theExceptionBelowDoesNotKeepIt() {
    SQLException e = new SQLException("bad " + SECRET, "08001", new Exception("and " + SECRET));
    StringWriter printed = new StringWriter();
    scrubber.scrub(e).printStackTrace(new PrintWriter(printed, true));
    assertThat(printed.toString())
        .contains("bad ***", "ScrubberTest")
        .doesNotContain("s3cr", "wörd");
    assertThat(scrubber.scrub(e).getSQLState()).isEqualTo("08001");
    SQLException clean = new SQLException("clean", "08001");
    assertThat((Throwable) scrubber.scrub(clean)).isSameAs(clean);
  }
}

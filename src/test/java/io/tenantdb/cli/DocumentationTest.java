package io.tenantdb.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.tenantdb.operator.OperatorCommand;
import io.tenantdb.testing.Markdown;
import io.tenantdb.testing.Markdown.Block;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;

/** README.md and docs/ show what works, and link to what exists. */
class DocumentationTest {
  private static final Pattern OPTION = Pattern.compile("(?<=[ `])--[a-z][a-z-]*");
  private static final Pattern VARIABLE = Pattern.compile("TENANTDB_[A-Z_]+");

  @TempDir Path directory;

  @Test
  void everyLinkLeadsToAFileOrAHeadingOfTheProject() {
    SoftAssertions softly = new SoftAssertions();
    for (String page : Markdown.pages()) {
      Markdown markdown = Markdown.read(page);
      softly.assertThat(markdown.brokenLinks()).as(page).isEmpty();
      softly.assertThat(markdown.ambiguousAnchors()).as(page).isEmpty();
    }
    softly.assertAll();
    assertThat(Markdown.pages())
        .contains("README.md", "docs/concepts.md", "docs/how-to/install.md");
  }

  @Test
  void everyPageOfTheDocumentationIsLinkedFromTheReadme() {
    assertThat(Markdown.read("README.md").links())
        .containsAll(Markdown.pages().stream().filter(page -> page.startsWith("docs/")).toList());
  }

  @Test
  void everyResourceOnAPageIsAccepted() throws IOException {
    List<String> seen = new ArrayList<>();
    for (String page : Markdown.pages()) {
      for (Block block : Markdown.read(page).blocks("yaml")) {
        List<JsonNode> documents = documents(block.text());
        assertThat(documents).as("%s: %s", page, block.section()).isNotEmpty();
        if (documents.stream().anyMatch(d -> d.path("kind").asText().equals(Documents.KIND))) {
          CommandRun run = new CommandRun(directory);
          run.refusals = ResourceRules.OF_THE_SERVER;
          run.file(block.text() + "---\n" + CommandRun.SECRET);
          run.passes(Fleet.of());
          assertThat(run.run("plan", "--tls", "Require"))
              .as("%s: %s: %s", page, block.section(), run.err)
              .isZero();
          seen.add(page);
        }
      }
    }
    assertThat(seen).contains("README.md", "docs/how-to/first-resource.md");
  }

  @Test
  void everyOptionThatIsShownExists() {
    CommandRun run = new CommandRun(directory);
    StringBuilder help = new StringBuilder();
    for (String command : List.of("plan", "apply", "status", "indexes")) {
      run.execute(command, "--help");
      help.append(run.out);
    }
    List<String> shown = new ArrayList<>();
    for (String page : Markdown.pages()) {
      for (Block block : Markdown.read(page).blocks("sh")) {
        block
            .text()
            .lines()
            .filter(line -> line.matches(".*bin/tenantdb (plan|apply|status|indexes) .*"))
            .forEach(
                line -> OPTION.matcher(line).results().map(MatchResult::group).forEach(shown::add));
      }
    }
    assertThat(shown).contains("--sql", "--yes", "--user", "--host", "--tls");
    assertThat(shown).allSatisfy(option -> assertThat(help).contains(option));
    for (String option :
        List.of("--password-file", "--host", "--port", "--tls", "--ca-file", "--no-settle")) {
      assertThat(Markdown.read("README.md").text()).contains(option);
      assertThat(help).contains(option);
    }
  }

  @Test
  void everySettingOfTheOperatorIsOnThePageAboutInstallingIt() {
    String help =
        String.join("\n", OperatorCommand.class.getAnnotation(Command.class).description());
    List<String> rows =
        Markdown.read("docs/how-to/install.md")
            .text()
            .lines()
            .filter(line -> line.startsWith("| `TENANTDB_"))
            .toList();
    assertThat(
            variables(
                String.join("\n", rows.stream().map(row -> row.split(" \\| ", -1)[0]).toList())))
        .isNotEmpty()
        .isEqualTo(variables(help));
  }

  private static Set<String> variables(String text) {
    Set<String> names = new TreeSet<>();
    VARIABLE.matcher(text).results().map(MatchResult::group).forEach(names::add);
    return names;
  }

  private static List<JsonNode> documents(String yaml) throws IOException {
    try (JsonParser parser = new YAMLMapper().createParser(yaml)) {
      return new YAMLMapper().readerFor(JsonNode.class).<JsonNode>readValues(parser).readAll();
    }
  }
}

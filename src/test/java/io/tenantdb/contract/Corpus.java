package io.tenantdb.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.tenantdb.api.v1alpha1.TenantDatabaseSpec;
import io.tenantdb.desired.InvalidSpecException;
import io.tenantdb.desired.Resolution;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The resources of {@code src/test/resources/contract}, and the examples, which are valid too. */
final class Corpus {
  private static final YAMLMapper YAML = new YAMLMapper();
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path FOLDER = Path.of("src", "test", "resources", "contract");

  private Corpus() {}

  /**
   * One resource.
   *
   * @param expect what the refusal must say; empty where it is valid
   * @param expectServerSide the same of server-side apply, which words structural errors
   *     differently
   * @param resolvable true where only the definition refuses it, by the type or name of a field
   */
  record Case(
      Path file, Optional<String> expect, Optional<String> expectServerSide, boolean resolvable) {

    JsonNode resource() {
      return parse(text(file));
    }
  }

  static List<Case> valid() {
    return Stream.concat(
            files(FOLDER, "valid-"),
            Stream.of(Path.of("examples", "fruitpak.yaml"), Path.of("examples", "minimal.yaml")))
        .map(Corpus::read)
        .toList();
  }

  static List<Case> invalid() {
    return files(FOLDER, "invalid-").map(Corpus::read).toList();
  }

  /** What the resolution says of a resource; nothing where it takes it. */
  static List<String> resolve(JsonNode resource) {
    try {
      Resolution.template(
          resource.at("/metadata/namespace").asText(),
          resource.at("/metadata/name").asText(),
          JSON.convertValue(resource.get("spec"), TenantDatabaseSpec.class));
      return List.of();
    } catch (InvalidSpecException e) {
      return e.problems();
    }
  }

  static JsonNode parse(String yaml) {
    try {
      return YAML.readTree(yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Case read(Path file) {
    String text = text(file);
    Optional<String> expect = comment(text, "expect");
    return new Case(
        file,
        expect,
        comment(text, "expect-ssa").or(() -> expect),
        text.contains("# only the definition refuses this"));
  }

  private static Optional<String> comment(String text, String key) {
    String head = "# " + key + ": ";
    return text.lines()
        .filter(line -> line.startsWith(head))
        .map(line -> line.substring(head.length()))
        .findFirst();
  }

  private static Stream<Path> files(Path folder, String prefix) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .sorted()
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

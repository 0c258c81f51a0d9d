package io.tenantdb.cli;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The YAML documents of the files given by {@code -f}: one TenantDatabase, and beside it the Secret
 * and the ConfigMap that it refers to, if they are there.
 */
final class Documents {
  static final String API_VERSION = "tenantdb.io/v1alpha1";
  static final String KIND = "TenantDatabase";

  private final String files;
  private final List<JsonNode> documents;

  private Documents(String files, List<JsonNode> documents) {
    this.files = files;
    this.documents = List.copyOf(documents);
  }

  /**
   * Reads files of one or more documents each.
   *
   * @throws CliException when a file cannot be read or is not YAML
   */
  static Documents read(List<Path> files) {
    List<JsonNode> documents = new ArrayList<>();
    files.forEach(file -> documents.addAll(read(file)));
    return new Documents(String.join(", ", files.stream().map(Path::toString).toList()), documents);
  }

  private static List<JsonNode> read(Path file) {
    try (JsonParser parser = new YAMLMapper().createParser(Files.readString(file))) {
      MappingIterator<JsonNode> all = new YAMLMapper().readerFor(JsonNode.class).readValues(parser);
      return all.readAll().stream().filter(node -> node != null && node.isObject()).toList();
    } catch (NoSuchFileException e) {
      throw new CliException("There is no file " + file + ".");
    } catch (JacksonException e) {
      // The message quotes the text around the error: in a file with a Secret that may be it.
      throw new CliException(
          "%s is not YAML: line %d, column %d."
              .formatted(file, e.getLocation().getLineNr(), e.getLocation().getColumnNr()));
    } catch (IOException | UncheckedIOException e) {
      throw new CliException(
          "The file %s cannot be read (%s)."
              .formatted(file, Files.isDirectory(file) ? "it is a directory" : name(e)));
    }
  }

  private static String name(Exception e) {
    return e.getClass().getSimpleName();
  }

  /**
   * The one TenantDatabase.
   *
   * @throws CliException when there is none, or more than one
   */
  JsonNode tenantDatabase() {
    List<JsonNode> found =
        documents.stream().filter(node -> KIND.equals(node.path("kind").asText())).toList();
    if (found.isEmpty()) {
      throw new CliException(
          "%s holds no TenantDatabase (apiVersion: %s, kind: %s)."
              .formatted(files, API_VERSION, KIND));
    }
    if (found.size() > 1) {
      throw new CliException(
          "%s holds %d TenantDatabases (%s); give one at a time."
              .formatted(
                  files,
                  found.size(),
                  String.join(", ", found.stream().map(Documents::metadataName).toList())));
    }
    JsonNode node = found.get(0);
    if (!API_VERSION.equals(node.path("apiVersion").asText())) {
      throw new CliException(
          "apiVersion must be %s, not '%s'."
              .formatted(API_VERSION, node.path("apiVersion").asText()));
    }
    return node;
  }

  /** A value of a Secret in the files: {@code stringData} before {@code data}, as the server. */
  Optional<String> secret(String name, String key) {
    return named("Secret", name)
        .flatMap(
            node ->
                text(node.path("stringData").path(key))
                    .or(
                        () ->
                            text(node.path("data").path(key))
                                .map(data -> decode(name, key, data))));
  }

  /** A value of a ConfigMap in the files. */
  Optional<String> configMap(String name, String key) {
    return named("ConfigMap", name).flatMap(node -> text(node.path("data").path(key)));
  }

  private Optional<JsonNode> named(String kind, String name) {
    return documents.stream()
        .filter(node -> kind.equals(node.path("kind").asText()))
        .filter(node -> name.equals(metadataName(node)))
        .findFirst();
  }

  static String metadataName(JsonNode node) {
    return node.path("metadata").path("name").asText();
  }

  private static Optional<String> text(JsonNode node) {
    return node.isValueNode() && !node.isNull() ? Optional.of(node.asText()) : Optional.empty();
  }

  private static String decode(String name, String key, String data) {
    try {
      return new String(
          Base64.getDecoder().decode(data.replaceAll("\\s", "")), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new CliException("data.%s of Secret %s is not base64.".formatted(key, name));
    }
  }
}

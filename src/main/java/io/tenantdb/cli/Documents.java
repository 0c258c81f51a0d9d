package io.tenantdb.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
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
    List<JsonNode> documents = new ArrayList<>();
    for (JsonNode document : YamlReader.read(file.toString(), text(file))) {
      if (!document.isObject()) {
        throw new CliException("%s has a document that is no resource.".formatted(file));
      }
      if (document.path("kind").asText().endsWith("List") && document.path("items").isArray()) {
        document.path("items").forEach(documents::add);
      } else {
        documents.add(document);
      }
    }
    return documents;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new CliException("There is no file " + file + ".");
    } catch (MalformedInputException e) {
      throw new CliException("The file %s cannot be read (it is not in UTF-8).".formatted(file));
    } catch (IOException e) {
      throw new CliException(
          "The file %s cannot be read (%s)."
              .formatted(
                  file,
                  Files.isDirectory(file) ? "it is a directory" : e.getClass().getSimpleName()));
    }
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

  /**
   * A value of a Secret in the files: {@code stringData} before {@code data}, as the server.
   *
   * @throws CliException when it is no string, as the server
   */
  Optional<String> secret(String name, String key) {
    return named("Secret", name)
        .flatMap(
            node ->
                text(node, "stringData", key)
                    .or(() -> text(node, "data", key).map(data -> decode(name, key, data))));
  }

  /**
   * A value of a ConfigMap in the files.
   *
   * @throws CliException when it is no string, as the server
   */
  Optional<String> configMap(String name, String key) {
    return named("ConfigMap", name).flatMap(node -> text(node, "data", key));
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

  private static Optional<String> text(JsonNode node, String field, String key) {
    JsonNode value = node.path(field).path(key);
    if (value.isMissingNode() || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isTextual()) {
      throw new CliException(
          "%s.%s of %s %s is no string: put it into quotes."
              .formatted(field, key, node.path("kind").asText(), metadataName(node)));
    }
    return Optional.of(value.asText());
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

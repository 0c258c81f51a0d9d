package io.tenantdb.cli;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.reader.ReaderException;
import org.yaml.snakeyaml.representer.Representer;

/**
 * The documents of a YAML file, each as the JSON that {@code kubectl} would send: SnakeYAML reads
 * the text and follows aliases; merge keys and words without quotes mean what they mean to {@code
 * kubectl} (sigs.k8s.io/yaml). Stricter than it where its answer would be a surprise: a key that
 * stands twice is refused, and so is one that {@code <<} below it has, too, because {@code kubectl}
 * takes the merged one and the specification the other.
 *
 * <p>No sentence quotes the text: what is around an error may be a password.
 */
final class YamlReader {

  /** Nodes that a document may have; those behind an alias count each time. */
  static final int MOST_NODES = 200_000;

  private static final int DEEPEST = 50;
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final String file;
  private final Set<Node> open = Collections.newSetFromMap(new IdentityHashMap<>());
  private int nodes;

  private YamlReader(String file) {
    this.file = file;
  }

  /**
   * Reads all documents of a file; those that are empty are left out.
   *
   * @param file for the sentences
   * @throws CliException with line and column
   */
  static List<JsonNode> read(String file, String text) {
    Optional<List<JsonNode>> json =
        text.stripLeading().startsWith("{") ? json(text) : Optional.empty();
    if (json.isPresent()) {
      return json.get();
    }
    List<JsonNode> documents = new ArrayList<>();
    try {
      for (Node root : yaml().composeAll(new StringReader(text))) {
        JsonNode document = new YamlReader(file).node(root);
        if (!document.isNull()) {
          documents.add(document);
        }
      }
    } catch (ReaderException e) {
      String before = text.substring(0, Math.min(e.getPosition(), text.length()));
      throw new CliException(
          "%s is not YAML: line %d has a character that must not be there (U+%04X)."
              .formatted(file, before.lines().count(), e.getCodePoint()));
    } catch (MarkedYAMLException e) {
      throw new CliException("%s is not YAML: %s.".formatted(file, place(e.getProblemMark())));
    } catch (YAMLException e) {
      throw new CliException("%s is not YAML, or too large or too deep.".formatted(file));
    }
    return documents;
  }

  /** JSON may have tabs where YAML has none; what is no JSON may still be YAML. */
  private static Optional<List<JsonNode>> json(String text) {
    try (JsonParser parser = JSON.createParser(text);
        MappingIterator<JsonNode> all = JSON.readerFor(JsonNode.class).readValues(parser)) {
      return Optional.of(all.readAll());
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private static Yaml yaml() {
    LoaderOptions options = new LoaderOptions();
    // Aliases are counted here by what is behind them.
    options.setMaxAliasesForCollections(Integer.MAX_VALUE);
    DumperOptions none = new DumperOptions();
    return new Yaml(
        new SafeConstructor(options), new Representer(none), none, options, new YamlScalars());
  }

  private JsonNode node(Node node) {
    if (++nodes > MOST_NODES) {
      throw refused(
          node, "has more than %d values, those behind aliases included".formatted(MOST_NODES));
    }
    if (node instanceof ScalarNode scalar) {
      return scalar(scalar);
    }
    if (!open.add(node)) {
      throw refused(node, "has an anchor whose value contains itself");
    }
    if (open.size() > DEEPEST) {
      throw refused(node, "is more than %d levels deep".formatted(DEEPEST));
    }
    JsonNode value =
        node instanceof SequenceNode sequence ? list(sequence) : map((MappingNode) node);
    open.remove(node);
    return value;
  }

  private JsonNode scalar(ScalarNode scalar) {
    JsonNode value =
        YamlScalars.value(scalar.getTag(), scalar.getValue())
            .orElseThrow(() -> refused(scalar, "has a value that is not what its tag says"));
    if (!value.isDouble()) {
      return value;
    }
    double number = value.doubleValue();
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      throw refused(scalar, "has a number that JSON cannot say");
    }
    // 5432.0 goes over the wire as 5432.
    return number == Math.rint(number) && Math.abs(number) < 1L << 62
        ? LongNode.valueOf((long) number)
        : DoubleNode.valueOf(number);
  }

  private ArrayNode list(SequenceNode sequence) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    sequence.getValue().forEach(element -> list.add(node(element)));
    return list;
  }

  private ObjectNode map(MappingNode mapping) {
    ObjectNode map = JsonNodeFactory.instance.objectNode();
    Map<String, Node> written = new HashMap<>();
    for (NodeTuple entry : mapping.getValue()) {
      if (entry.getKeyNode().getTag().equals(Tag.MERGE)) {
        merge(map, written, entry);
        continue;
      }
      String key = key(entry.getKeyNode());
      if (written.put(key, entry.getKeyNode()) != null) {
        throw refused(entry.getKeyNode(), "has a key that is there already");
      }
      map.set(key, node(entry.getValueNode()));
    }
    return map;
  }

  /** Of several, the first has the last word. */
  private void merge(ObjectNode map, Map<String, Node> written, NodeTuple entry) {
    Node value = entry.getValueNode();
    List<Node> sources =
        value instanceof SequenceNode sequence ? sequence.getValue() : List.of(value);
    for (int i = sources.size() - 1; i >= 0; i--) {
      if (!(node(sources.get(i)) instanceof ObjectNode merged)) {
        throw refused(entry.getKeyNode(), "merges something that has no keys");
      }
      merged.fieldNames().forEachRemaining(key -> mayMerge(written, key));
      map.setAll(merged);
    }
  }

  private void mayMerge(Map<String, Node> written, String key) {
    Node before = written.get(key);
    if (before != null) {
      throw refused(
          before, "has a key that << below it has, too: write << above what is to stand instead");
    }
  }

  private String key(Node node) {
    if (!(node instanceof ScalarNode scalar)) {
      throw refused(node, "has a key that is no word");
    }
    JsonNode key = scalar(scalar);
    if (key.isNull()) {
      throw refused(node, "has an empty key");
    }
    return key.asText();
  }

  private CliException refused(Node node, String what) {
    return new CliException(
        "%s cannot be read: %s %s.".formatted(file, place(node.getStartMark()), what));
  }

  private static String place(Mark mark) {
    return "line %d, column %d".formatted(mark.getLine() + 1, mark.getColumn() + 1);
  }
}

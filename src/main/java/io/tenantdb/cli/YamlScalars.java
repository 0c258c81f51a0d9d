package io.tenantdb.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * What a word without quotes means to {@code kubectl}: YAML 1.1 as go-yaml 2 reads it, which is
 * neither the specification (no base 60, {@code y} and {@code n} are booleans) nor YAML 1.2. A date
 * is a string. Source: {@code resolve.go} of go.yaml.in/yaml/v2, by way of sigs.k8s.io/yaml.
 */
final class YamlScalars extends Resolver {

  private static final Map<String, JsonNode> WORDS =
      Stream.of(
              words(BooleanNode.TRUE, "y Y yes Yes YES true True TRUE on On ON"),
              words(BooleanNode.FALSE, "n N no No NO false False FALSE off Off OFF"),
              words(NullNode.getInstance(), " ~ null Null NULL"),
              words(DoubleNode.valueOf(Double.NaN), ".nan .NaN .NAN"),
              words(DoubleNode.valueOf(Double.POSITIVE_INFINITY), ".inf .Inf .INF"),
              words(DoubleNode.valueOf(Double.POSITIVE_INFINITY), "+.inf +.Inf +.INF"),
              words(DoubleNode.valueOf(Double.NEGATIVE_INFINITY), "-.inf -.Inf -.INF"))
          .flatMap(words -> words.entrySet().stream())
          .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

  private static final Pattern INTEGER =
      Pattern.compile("([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))");
  private static final Pattern FRACTION =
      Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
  private static final BigInteger LARGEST = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);
  private static final BigInteger SMALLEST = BigInteger.valueOf(Long.MIN_VALUE);

  private static Map<String, JsonNode> words(JsonNode value, String words) {
    return Stream.of(words.split(" ")).collect(Collectors.toMap(word -> word, word -> value));
  }

  @Override
  public Tag resolve(NodeId kind, String value, boolean implicit) {
    if (kind != NodeId.scalar || !implicit) {
      return super.resolve(kind, value, false);
    }
    return value.equals("<<") ? Tag.MERGE : tag(plain(value));
  }

  /**
   * The value of a scalar that bears a tag, resolved or written.
   *
   * @return empty where the text is none of its tag
   */
  static Optional<JsonNode> value(Tag tag, String text) {
    if (tag.equals(Tag.BINARY)) {
      return binary(text);
    }
    if (!tag.equals(Tag.BOOL)
        && !tag.equals(Tag.INT)
        && !tag.equals(Tag.FLOAT)
        && !tag.equals(Tag.NULL)) {
      return Optional.of(TextNode.valueOf(text));
    }
    JsonNode value = plain(text);
    if (tag.equals(Tag.FLOAT) && tag(value).equals(Tag.INT)) {
      return Optional.of(value);
    }
    return tag(value).equals(tag) ? Optional.of(value) : Optional.empty();
  }

  private static Optional<JsonNode> binary(String text) {
    try {
      byte[] bytes = Base64.getDecoder().decode(text.replaceAll("\\s", ""));
      return Optional.of(TextNode.valueOf(new String(bytes, StandardCharsets.UTF_8)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Tag tag(JsonNode value) {
    return switch (value.getNodeType()) {
      case BOOLEAN -> Tag.BOOL;
      case NULL -> Tag.NULL;
      case NUMBER -> value.isDouble() ? Tag.FLOAT : Tag.INT;
      default -> Tag.STR;
    };
  }

  private static JsonNode plain(String text) {
    JsonNode word = WORDS.get(text);
    if (word != null) {
      return word;
    }
    if ("+-.0123456789".indexOf(text.charAt(0)) < 0) {
      return TextNode.valueOf(text);
    }
    String digits = text.replace("_", "");
    return integer(digits).or(() -> fraction(digits)).orElse(TextNode.valueOf(text));
  }

  private static Optional<JsonNode> integer(String text) {
    Matcher m = INTEGER.matcher(text);
    if (!m.matches()) {
      return Optional.empty();
    }
    BigInteger size =
        m.group(2) != null
            ? new BigInteger(m.group(2), 16)
            : m.group(3) != null
                ? new BigInteger(m.group(3), 2)
                : m.group(4) != null ? new BigInteger(m.group(4), 8) : new BigInteger(m.group(5));
    BigInteger value = m.group(1).equals("-") ? size.negate() : size;
    boolean fits =
        value.compareTo(SMALLEST) >= 0
            && value.compareTo(
                    m.group(1).equals("+") ? BigInteger.valueOf(Long.MAX_VALUE) : LARGEST)
                <= 0;
    return fits
        ? Optional.of(
            value.bitLength() < Long.SIZE
                ? LongNode.valueOf(value.longValue())
                : JsonNodeFactory.instance.numberNode(value))
        : Optional.empty();
  }

  private static Optional<JsonNode> fraction(String text) {
    if (!FRACTION.matcher(text).matches()) {
      return Optional.empty();
    }
    double value = Double.parseDouble(text);
    return Double.isInfinite(value) ? Optional.empty() : Optional.of(DoubleNode.valueOf(value));
  }
}

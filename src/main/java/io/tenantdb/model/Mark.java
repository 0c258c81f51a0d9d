package io.tenantdb.model;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Ownership, written on the object itself: the first line of an index's or a view's comment, or
 * {@code managed_by} in a job's config. One line, values percent-encoded:
 *
 * <pre>
 * tenantdb:v1 owner=&lt;ownerId&gt; name=&lt;declared name&gt; table=&lt;table&gt; spec=&lt;hash&gt; made|adopted [filled] [refreshed=&lt;time&gt;]
 * </pre>
 *
 * The format stands in production catalogs and does not change; an unknown word at the end is kept
 * out of the way.
 *
 * @param owner the resource's {@code ownerId}
 * @param name declared name of an index or aggregate; {@code compression}, {@code retention} or
 *     {@code refresh} of a job
 * @param table table of an index, hypertable or aggregate of a job, {@code -} of an aggregate
 * @param spec hash of the resolved item that it was built from; says nothing about what is live
 * @param origin whether we made the object or found it
 * @param filled whether an aggregate's first fill is complete
 * @param refreshed the scheduled time that a materialized view was last refreshed for
 */
public record Mark(
    String owner,
    String name,
    String table,
    String spec,
    Origin origin,
    boolean filled,
    Optional<Instant> refreshed) {

  /** A mark of what is not refreshed by us. */
  public Mark(String owner, String name, String table, String spec, Origin origin, boolean filled) {
    this(owner, name, table, spec, origin, filled, Optional.empty());
  }

  /** Whether the operator made an object. What it adopted it never drops. */
  public enum Origin {
    MADE,
    ADOPTED
  }

  /** How a schedule or comment names a policy of a hypertable: {@code name=compression}. */
  public static final String COMPRESSION = "compression";

  /** {@code name=retention}. */
  public static final String RETENTION = "retention";

  /** {@code name=refresh}. */
  public static final String REFRESH = "refresh";

  /** {@code table=} of an aggregate's own mark. */
  public static final String NO_TABLE = "-";

  /** Which of the line's words, parted by blanks, is {@link #tableWord}; the first is 1. */
  public static final int TABLE_WORD = 4;

  private static final String REFRESHED = "refreshed=";

  private static final String HEAD = "tenantdb:v1 ";
  private static final String OWNER = "owner=";

  private static final Pattern LINE =
      Pattern.compile(
          HEAD
              + "owner=(\\S+) name=(\\S+) table=(\\S+) spec=([0-9a-f]{16})"
              + " (made|adopted)((?: \\S+)*+)");

  /**
   * The mark in a comment or a config value; empty where there is none, or one that cannot be read.
   */
  public static Optional<Mark> parse(String text) {
    String firstLine = text.lines().findFirst().orElse("");
    Matcher m = LINE.matcher(firstLine);
    if (!m.matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Mark(
              decode(m.group(1)),
              decode(m.group(2)),
              decode(m.group(3)),
              m.group(4),
              m.group(5).equals("made") ? Origin.MADE : Origin.ADOPTED,
              words(m).contains("filled"),
              words(m).stream()
                  .filter(word -> word.startsWith(REFRESHED))
                  .map(word -> Instant.parse(word.substring(REFRESHED.length())))
                  .findFirst()));
    } catch (IllegalArgumentException | DateTimeParseException malformed) {
      return Optional.empty();
    }
  }

  /** What every mark of the owner begins with, the blank after the owner included. */
  public static String beginning(String ownerId) {
    return HEAD + ownerWord(ownerId) + " ";
  }

  /** How a mark says whose it is. */
  static String ownerWord(String ownerId) {
    return OWNER + encode(ownerId);
  }

  /** Whose it is, where the text is that word alone. */
  static Optional<String> ownerIn(String word) {
    try {
      return word.startsWith(OWNER) && word.indexOf(' ') < 0
          ? Optional.of(decode(word.substring(OWNER.length())))
          : Optional.empty();
    } catch (IllegalArgumentException malformed) {
      return Optional.empty();
    }
  }

  /** How a mark says the table that it is about. */
  public static String tableWord(String table) {
    return "table=" + encode(table);
  }

  /** How a mark says the name under which it was made. */
  static String nameWord(String name) {
    return "name=" + encode(name);
  }

  /** The one line. */
  public String text() {
    return beginning(owner)
        + nameWord(name)
        + " "
        + tableWord(table)
        + " spec="
        + spec
        + (origin == Origin.MADE ? " made" : " adopted")
        + (filled ? " filled" : "")
        + refreshed.map(at -> " " + REFRESHED + at).orElse("");
  }

  /**
   * The line, with a person's own comment kept below it; a mark at the head of {@code existing} is
   * replaced.
   */
  public String above(String existing) {
    String own = without(existing);
    return own.isEmpty() ? text() : text() + "\n" + own;
  }

  /** A person's own comment: what stands below a mark, or all of it where there is none. */
  public static String without(String comment) {
    return comment.startsWith(HEAD) ? comment.lines().skip(1).reduce("", Mark::join) : comment;
  }

  /** The same mark with another spec hash. */
  public Mark withSpec(String hash) {
    return new Mark(owner, name, table, hash, origin, filled, refreshed);
  }

  /** The same mark once the first fill is complete. */
  public Mark withFilled() {
    return new Mark(owner, name, table, spec, origin, true, refreshed);
  }

  /** The same mark after a refresh. */
  public Mark withRefreshed(Instant at) {
    return new Mark(owner, name, table, spec, origin, filled, Optional.of(at));
  }

  private static List<String> words(Matcher line) {
    return List.of(line.group(6).split(" "));
  }

  private static String join(String a, String b) {
    return a.isEmpty() ? b : a + "\n" + b;
  }

  private static String encode(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20").replace("%2F", "/");
  }

  private static String decode(String value) {
    return URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}

package io.tenantdb.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of the documentation, read as its readers use it: tests run what it shows and follow its
 * links, so that page and program cannot part.
 */
public final class Markdown {

  private static final Pattern LINK = Pattern.compile("\\[[^\\]\\[]*]\\(([^)\\s]+)\\)");
  private static final Pattern PARAGRAPH = Pattern.compile("\\n\\s*\\n");
  private static final Pattern CODE = Pattern.compile("`[^`]*`");

  private final Path file;
  private final List<Block> blocks = new ArrayList<>();
  private final List<String> headings = new ArrayList<>();
  private final List<String> links = new ArrayList<>();
  private String text = "";

  /**
   * A fenced block.
   *
   * @param language the word after the fence, or empty text
   * @param section the heading that it stands under
   */
  public record Block(String language, String section, String text) {

    /** The SQL statements of the block, without their semicolons. */
    public List<String> statements() {
      return Stream.of(text.split(";\\s*(\\n|$)")).map(String::strip).toList();
    }
  }

  private Markdown(Path file) {
    this.file = file;
  }

  /** Reads a page, by its path from the root of the project. */
  public static Markdown read(String page) {
    try {
      Markdown markdown = new Markdown(Checkout.root().resolve(page));
      markdown.text = Files.readString(markdown.file);
      markdown.parse(markdown.text.lines().toList());
      return markdown;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** README.md, the other pages beside it and everything in docs/, by path from the root. */
  public static List<String> pages() {
    Path root = Checkout.root();
    try (Stream<Path> top = Files.list(root);
        Stream<Path> docs = Files.walk(root.resolve("docs"))) {
      return Stream.concat(top, docs)
          .filter(path -> path.getFileName().toString().endsWith(".md"))
          .map(path -> root.relativize(path).toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of it. */
  public String text() {
    return text;
  }

  /** Where its links lead, as they are written. */
  public List<String> links() {
    return List.copyOf(links);
  }

  /** The blocks in a language. */
  public List<Block> blocks(String language) {
    return blocks.stream().filter(block -> block.language().equals(language)).toList();
  }

  /** The one block in a language under a heading. */
  public Block block(String language, String section) {
    List<Block> found =
        blocks(language).stream().filter(block -> block.section().equals(section)).toList();
    if (found.size() != 1) {
      throw new IllegalArgumentException(
          "%s has %d blocks in %s under \"%s\"".formatted(file, found.size(), language, section));
    }
    return found.get(0);
  }

  /** The links that lead nowhere: to no file of the project, or to no heading of a page. */
  public List<String> brokenLinks() {
    return links.stream()
        .filter(link -> !link.matches("[a-z]+:.*"))
        .filter(link -> !leadsSomewhere(link))
        .toList();
  }

  /** Headings that GitHub would give the same anchor. */
  public Set<String> ambiguousAnchors() {
    Set<String> seen = new HashSet<>();
    Set<String> twice = new HashSet<>();
    headings.stream().map(Markdown::anchor).filter(a -> !seen.add(a)).forEach(twice::add);
    return twice;
  }

  private boolean leadsSomewhere(String link) {
    String[] parts = link.split("#", 2);
    Path target = parts[0].isEmpty() ? file : file.resolveSibling(parts[0]).normalize();
    if (!Files.exists(target)) {
      return false;
    }
    return parts.length == 1
        || Markdown.read(Checkout.root().relativize(target).toString()).headings.stream()
            .map(Markdown::anchor)
            .anyMatch(parts[1]::equals);
  }

  private static String anchor(String heading) {
    return heading.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-');
  }

  private void parse(List<String> lines) {
    StringBuilder block = new StringBuilder();
    StringBuilder prose = new StringBuilder();
    String fence = "";
    for (String line : lines) {
      if (line.strip().startsWith("```")) {
        String section = headings.isEmpty() ? "" : headings.get(headings.size() - 1);
        if (!fence.isEmpty()) {
          blocks.add(new Block(fence.substring(3).strip(), section, block.toString()));
        }
        fence = fence.isEmpty() ? line.strip() : "";
        block.setLength(0);
      } else if (!fence.isEmpty()) {
        block.append(line).append('\n');
      } else if (line.matches("#{1,6} .*")) {
        headings.add(line.replaceFirst("#+ ", "").strip());
      } else {
        prose.append(line).append('\n');
      }
    }
    if (!fence.isEmpty()) {
      throw new IllegalArgumentException(file + ": a fenced block has no end");
    }
    // Paragraph by paragraph: links and code may go over the end of a line. The text of a link may
    // be code; what stands in code is no link.
    PARAGRAPH
        .splitAsStream(prose)
        .flatMap(paragraph -> LINK.matcher(CODE.matcher(paragraph).replaceAll("x")).results())
        .forEach(link -> links.add(link.group(1)));
  }
}

package io.tenantdb.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/** Where the project's own files and the cache outside the tree are. */
public final class Checkout {

  private Checkout() {}

  /** The directory of {@code pom.xml}: two above the compiled test classes. */
  public static Path root() {
    try {
      Path classes =
          Path.of(Checkout.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return classes.resolve("../..").normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the test classes are not in a directory", e);
    }
  }

  /**
   * Downloaded and built parts, kept between builds: {@code $XDG_CACHE_HOME/tenantdb} or {@code
   * ~/.cache/tenantdb}.
   */
  public static Path cache() {
    return Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
        .filter(home -> !home.isBlank())
        .map(Path::of)
        .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache"))
        .resolve("tenantdb");
  }

  /** A version that the pom pins. */
  static String pinned(String key) {
    Properties pins = new Properties();
    try (InputStream in = Checkout.class.getResourceAsStream("parts.properties")) {
      pins.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Optional.ofNullable(pins.getProperty(key))
        .orElseThrow(() -> new IllegalArgumentException("the pom pins no " + key));
  }
}

package io.tenantdb.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests on real servers: constructors, tests and lifecycle methods take a {@link PostgresServer}, a
 * {@link TimescaleServer}, a {@link PgBouncer}, a {@link KubernetesApi}, an {@link InProcessApi} or
 * {@link Helm} as a parameter.
 *
 * <p>A part is started once per JVM, when the first test asks, and shared: tests take databases,
 * schemas and namespaces of their own. Where a part cannot be had the tests are skipped and
 * reported, and with {@code CI=true} they fail.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(RealPartsExtension.class)
public @interface RealParts {

  /** On a {@link PostgresServer} parameter: the major version, if not the newest. */
  @Target(ElementType.PARAMETER)
  @Retention(RetentionPolicy.RUNTIME)
  @interface Version {
    int value();
  }

  /** On a {@link PostgresServer} parameter: with TLS on, and refused without. */
  @Target(ElementType.PARAMETER)
  @Retention(RetentionPolicy.RUNTIME)
  @interface Tls {}

  /** On a {@link TimescaleServer} parameter: under the Apache licence only. */
  @Target(ElementType.PARAMETER)
  @Retention(RetentionPolicy.RUNTIME)
  @interface ApacheOnly {}

  /**
   * On a test or a class of tests with a {@link TimescaleServer}: its rule needs what the WASM
   * build has not, namely locks, timeouts, cancelling, concurrent index builds or background
   * workers. It is skipped there, in CI too, and reported by name.
   */
  @Target({ElementType.METHOD, ElementType.TYPE})
  @Retention(RetentionPolicy.RUNTIME)
  @Inherited
  @interface NativeTimescale {}

  /**
   * On a test with a {@link TimescaleServer}: its rule is about something that came with this
   * version. On an older server it is skipped, in CI too, and reported with what is lacking.
   */
  @Target(ElementType.METHOD)
  @Retention(RetentionPolicy.RUNTIME)
  @interface SinceTimescale {

    /** Major and minor version: {@code 2.21}. */
    String value();

    /** What an older server has not: {@code several refresh policies of one aggregate}. */
    String lacks();
  }
}

package io.tenantdb.testing;

import io.tenantdb.testing.TimescaleServer.License;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * Starts the parts that tests name as parameters, once per JVM, and closes them when all tests are
 * done; see {@link RealParts}.
 */
public final class RealPartsExtension implements ExecutionCondition, ParameterResolver {

  private static final Namespace NAMESPACE = Namespace.create(RealPartsExtension.class);

  /** A part as it was wanted; equal wants share one. */
  private sealed interface Want {
    Part start();

    record Postgres(int version, boolean tls) implements Want {
      @Override
      public Part start() {
        PostgresServer.Options options = PostgresServer.Options.of(version);
        PostgresServer server = PostgresServer.start(tls ? options.withTls() : options);
        return new Part(Optional.of(server), server::close, "");
      }

      @Override
      public String toString() {
        return "PostgreSQL " + version;
      }
    }

    record Timescale(License license) implements Want {
      @Override
      public Part start() {
        TimescaleServer server = TimescaleServer.start(license);
        return new Part(Optional.of(server), server::close, "");
      }

      @Override
      public String toString() {
        return "TimescaleDB";
      }
    }

    record Kubernetes() implements Want {
      @Override
      public Part start() {
        KubernetesApi server = KubernetesApi.start();
        return new Part(Optional.of(server), server::close, "");
      }

      @Override
      public String toString() {
        return "Kubernetes API";
      }
    }

    record InProcessKubernetes() implements Want {
      @Override
      public Part start() {
        InProcessApi server = InProcessApi.start();
        return new Part(Optional.of(server), server::close, "");
      }

      @Override
      public String toString() {
        return "Kubernetes API in this process";
      }
    }

    record PgBouncerProgram() implements Want {
      @Override
      public Part start() {
        return new Part(Optional.of(PgBouncer.find()), () -> {}, "");
      }

      @Override
      public String toString() {
        return "pgbouncer";
      }
    }

    record HelmProgram() implements Want {
      @Override
      public Part start() {
        Helm helm = Helm.find();
        return new Part(Optional.of(helm), helm::close, "");
      }

      @Override
      public String toString() {
        return "helm";
      }
    }
  }

  /** The started part, or why there is none: a part that failed once is not tried again. */
  private record Part(Optional<Object> server, Runnable stop, String failure)
      implements AutoCloseable {

    static Part start(Want want) {
      try {
        return want.start();
      } catch (PartUnavailableException e) {
        Parts.missing(want.toString(), e.getMessage());
        return new Part(Optional.empty(), () -> {}, want + " cannot be had: " + e.getMessage());
      }
    }

    @Override
    public void close() {
      stop.run();
    }
  }

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    List<Want> wants = wants(context);
    for (Want want : wants) {
      Part part = part(context, want);
      if (part.server().isEmpty() && !Parts.demanded()) {
        return skip(context, part.failure(), "no " + want);
      }
    }
    if (AnnotationSupport.isAnnotated(context.getElement(), RealParts.NativeTimescale.class)
        && part(context, new Want.Timescale(License.COMMUNITY))
            .server()
            .filter(server -> ((TimescaleServer) server).isNative())
            .isEmpty()) {
      return skip(context, "no native TimescaleDB", "no native TimescaleDB");
    }
    Optional<String> lack = lacking(context);
    if (lack.isPresent()) {
      return skip(context, lack.get(), lack.get());
    }
    return ConditionEvaluationResult.enabled("its parts are there");
  }

  /** What the TimescaleDB at hand is too old for. */
  private static Optional<String> lacking(ExtensionContext context) {
    return AnnotationSupport.findAnnotation(context.getElement(), RealParts.SinceTimescale.class)
        .flatMap(
            since ->
                part(context, new Want.Timescale(License.COMMUNITY))
                    .server()
                    .map(TimescaleServer.class::cast)
                    .filter(server -> !server.atLeast(since.value()))
                    .map(
                        server ->
                            "TimescaleDB "
                                + server.extensionVersion()
                                + " lacks "
                                + since.lacks()
                                + " (since "
                                + since.value()
                                + ")"));
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return want(parameter.getParameter()).isPresent();
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Part part = part(context, want(parameter.getParameter()).orElseThrow());
    return part.server().orElseThrow(() -> new PartUnavailableException(part.failure()));
  }

  private static ConditionEvaluationResult skip(
      ExtensionContext context, String reason, String lack) {
    Stream<String> names =
        context.getTestMethod().isPresent()
            ? Stream.of(context.getRequiredTestMethod().getName())
            : tests(context.getRequiredTestClass()).stream().map(Method::getName);
    String type = context.getRequiredTestClass().getSimpleName();
    names.forEach(name -> Parts.untried(type + "." + name, lack));
    return ConditionEvaluationResult.disabled(reason);
  }

  private static Part part(ExtensionContext context, Want want) {
    return context.getRoot().getStore(NAMESPACE).computeIfAbsent(want, Part::start, Part.class);
  }

  /** What a class needs to be made and set up, or what one test needs. */
  private static List<Want> wants(ExtensionContext context) {
    List<Executable> executables = new ArrayList<>();
    context
        .getTestMethod()
        .ifPresentOrElse(
            executables::add,
            () ->
                context
                    .getTestClass()
                    .ifPresent(
                        type -> {
                          executables.addAll(List.of(type.getDeclaredConstructors()));
                          executables.addAll(lifecycle(type));
                        }));
    return executables.stream()
        .flatMap(executable -> Stream.of(executable.getParameters()))
        .flatMap(parameter -> want(parameter).stream())
        .distinct()
        .toList();
  }

  private static Optional<Want> want(Parameter parameter) {
    Class<?> type = parameter.getType();
    if (type == PostgresServer.class) {
      int version =
          AnnotationSupport.findAnnotation(parameter, RealParts.Version.class)
              .map(RealParts.Version::value)
              .orElse(PostgresServer.NEWEST);
      return Optional.of(
          new Want.Postgres(version, parameter.isAnnotationPresent(RealParts.Tls.class)));
    }
    if (type == TimescaleServer.class) {
      return Optional.of(
          new Want.Timescale(
              parameter.isAnnotationPresent(RealParts.ApacheOnly.class)
                  ? License.APACHE
                  : License.COMMUNITY));
    }
    if (type == InProcessApi.class) {
      return Optional.of(new Want.InProcessKubernetes());
    }
    if (type == PgBouncer.class) {
      return Optional.of(new Want.PgBouncerProgram());
    }
    if (type == Helm.class) {
      return Optional.of(new Want.HelmProgram());
    }
    return type == KubernetesApi.class ? Optional.of(new Want.Kubernetes()) : Optional.empty();
  }

  private static List<Method> lifecycle(Class<?> type) {
    return ReflectionSupport.findMethods(
        type,
        method ->
            Stream.of(BeforeAll.class, BeforeEach.class, AfterEach.class, AfterAll.class)
                .anyMatch(method::isAnnotationPresent),
        HierarchyTraversalMode.TOP_DOWN);
  }

  private static List<Method> tests(Class<?> type) {
    return AnnotationSupport.findAnnotatedMethods(
        type, Testable.class, HierarchyTraversalMode.TOP_DOWN);
  }
}

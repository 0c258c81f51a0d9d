package io.tenantdb.desired.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelOverloadDecl;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelFunctionBinding;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Evaluates {@code x-kubernetes-validations}. Of Kubernetes' own functions it has those that our
 * rules call ({@code find}); rules about a change ({@code oldSelf}) are left out, because a
 * resource in a file has no past.
 */
final class CelRules {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final CelCompiler compiler =
      CelCompilerFactory.standardCelCompilerBuilder()
          .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
          .addVar("self", SimpleType.DYN)
          .addFunctionDeclarations(
              CelFunctionDecl.newFunctionDeclaration(
                  "find",
                  CelOverloadDecl.newMemberOverload(
                      "string_find_string",
                      SimpleType.STRING,
                      SimpleType.STRING,
                      SimpleType.STRING)))
          .build();
  private final CelRuntime runtime =
      CelRuntimeFactory.standardCelRuntimeBuilder()
          .addFunctionBindings(
              CelFunctionBinding.from(
                  "string_find_string", String.class, String.class, CelRules::find))
          .build();
  private final Map<String, CelRuntime.Program> programs = new ConcurrentHashMap<>();

  /** Notes the message of every rule that the value breaks. */
  void check(List<String> problems, String path, JsonNode schema, JsonNode value) {
    for (JsonNode rule : schema.path("x-kubernetes-validations")) {
      String text = rule.get("rule").asText();
      if (!text.contains("oldSelf") && !holds(text, value)) {
        String at = path + rule.path("fieldPath").asText();
        problems.add((at.isEmpty() ? "" : at + ": ") + rule.get("message").asText());
      }
    }
    String prefix = path.isEmpty() ? "" : path + ".";
    if (value.isArray()) {
      for (int i = 0; i < value.size(); i++) {
        check(problems, path + "[" + i + "]", schema.path("items"), value.get(i));
      }
    } else {
      value
          .properties()
          .forEach(
              field ->
                  check(
                      problems,
                      prefix + field.getKey(),
                      schema.path("properties").path(field.getKey()),
                      field.getValue()));
    }
  }

  private boolean holds(String rule, JsonNode value) {
    try {
      Object self = JSON.convertValue(value, Object.class);
      return Boolean.TRUE.equals(
          programs.computeIfAbsent(rule, this::program).eval(Map.of("self", widened(self))));
    } catch (CelEvaluationException e) {
      throw new IllegalStateException("rule of the definition cannot be evaluated: " + rule, e);
    }
  }

  /** CEL counts in 64 bits. */
  private static Object widened(Object value) {
    if (value instanceof Integer number) {
      return number.longValue();
    }
    if (value instanceof List<?> list) {
      return list.stream().map(CelRules::widened).toList();
    }
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .collect(
              Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> widened(entry.getValue())));
    }
    return value;
  }

  private CelRuntime.Program program(String rule) {
    try {
      return runtime.createProgram(compiler.compile(rule).getAst());
    } catch (CelValidationException | CelEvaluationException e) {
      throw new IllegalStateException("rule of the definition is no CEL: " + rule, e);
    }
  }

  /** Kubernetes' regular-expression library: the first match, or the empty string. */
  private static String find(String text, String regex) {
    Matcher matcher = Pattern.compile(regex).matcher(text);
    return matcher.find() ? matcher.group() : "";
  }
}

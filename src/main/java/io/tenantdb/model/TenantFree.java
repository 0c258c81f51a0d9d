package io.tenantdb.model;

import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes printed SQL of one tenant comparable with that of another. */
final class TenantFree {

  static final String TENANT = "<tenant>.";

  /**
   * What follows a literal that is an object's name: {@code 'tenant_a.fruits'::regconfig}. Source:
   * PostgreSQL documentation, "Object Identifier Types".
   */
  private static final Pattern OBJECT =
      Pattern.compile(
          "::reg(?:class|collation|config|dictionary|oper(?:ator)?|proc(?:edure)?|type)\\b");

  /** A name as it is printed: bare, quoted, or an operator's. */
  private static final Pattern NAME =
      Pattern.compile("\"(?:[^\"]|\"\")*+\"|[\\p{L}\\p{N}_$]+|[-+*/<>=~!@#%^&|`?]+");

  private TenantFree() {}

  /**
   * Replaces the tenant's schema where it qualifies a name: not inside a quoted name or a literal,
   * unless that is an object's name itself, not as the end of a longer name, not as the field of
   * another.
   */
  static String text(String text, String quotedSchema) {
    return qualified(text, quotedSchema + ".", name -> TENANT);
  }

  /**
   * The same with another qualifier for each name.
   *
   * @param prefix the qualifier that is replaced, its dot included
   * @param qualifier what stands before a name instead, from the name
   */
  static String qualified(String text, String prefix, UnaryOperator<String> qualifier) {
    String literal = prefix.replace("'", "''");
    if (!text.contains(prefix) && !text.contains(literal)) {
      return text;
    }
    Matcher object = OBJECT.matcher(text);
    Matcher name = NAME.matcher(text);
    StringBuilder out = new StringBuilder(text.length() + TENANT.length());
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      boolean nameGoesOn = i > 0 && (isNamePart(text.charAt(i - 1)) || text.charAt(i - 1) == '.');
      if (!nameGoesOn && text.startsWith(prefix, i)) {
        i += prefix.length();
        out.append(qualifier.apply(nameAt(name, i)));
      } else if (c == '\'' || c == '"') {
        int end = literalEnd(text, i);
        if (c == '\''
            && text.startsWith(literal, i + 1)
            && object.region(end, text.length()).lookingAt()) {
          i += 1 + literal.length();
          out.append(c).append(qualifier.apply(nameAt(name, i)));
        }
        out.append(text, i, end);
        i = end;
      } else {
        out.append(c);
        i++;
      }
    }
    return out.toString();
  }

  private static String nameAt(Matcher name, int start) {
    return name.find(start) && name.start() == start ? name.group() : "";
  }

  /** A quote that is written twice goes on. */
  private static int literalEnd(String text, int start) {
    int end = Quoted.end(text, start);
    while (end < text.length() && text.charAt(end) == text.charAt(start)) {
      end = Quoted.end(text, end);
    }
    return end;
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '"' || c >= 0x80;
  }
}

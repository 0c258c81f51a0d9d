package io.tenantdb.model;

/** Makes printed SQL of one tenant comparable with that of another. */
final class TenantFree {

  private static final String TENANT = "<tenant>.";

  private TenantFree() {}

  /**
   * Replaces the tenant's schema where it qualifies a name: not inside a literal or a quoted name,
   * not as the end of a longer name, not as the field of another.
   */
  static String text(String text, String quotedSchema) {
    String prefix = quotedSchema + ".";
    if (!text.contains(prefix)) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length() + TENANT.length());
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      boolean nameGoesOn = i > 0 && (isNamePart(text.charAt(i - 1)) || text.charAt(i - 1) == '.');
      if (!nameGoesOn && text.startsWith(prefix, i)) {
        out.append(TENANT);
        i += prefix.length();
      } else if (c == '\'' || c == '"') {
        int end = Quoted.end(text, i);
        out.append(text, i, end);
        i = end;
      } else {
        out.append(c);
        i++;
      }
    }
    return out.toString();
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '"' || c >= 0x80;
  }
}

package io.tenantdb.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** SHA-256 over UTF-8 text, cut to the lengths that stand in catalogs and in status. */
public final class Hashes {

  private Hashes() {}

  /** First 16 hex digits: spec hashes, template ids, the parts of reserved names. */
  public static String hex16(String text) {
    return hex(text).substring(0, 16);
  }

  /** First 32 hex digits: plan hashes. */
  public static String hex32(String text) {
    return hex(text).substring(0, 32);
  }

  /** The first bytes, at most 32. */
  public static byte[] bytes(String text, int length) {
    return Arrays.copyOf(sha256(text), length);
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(sha256(text));
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}

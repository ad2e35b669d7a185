package dev.turnout.cluster.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Base64;

/// Keys and values as stores have them in JSON: Base64 of bytes, which are a char each here.
public final class Bytes {
  private Bytes() {}

  public static String encoded(String bytes) {
    return Base64.getEncoder().encodeToString(bytes.getBytes(ISO_8859_1));
  }

  /// The bytes; none if the text is not Base64.
  public static String decoded(String text) {
    try {
      return new String(Base64.getDecoder().decode(text), ISO_8859_1);
    } catch (IllegalArgumentException _) {
      return "";
    }
  }
}

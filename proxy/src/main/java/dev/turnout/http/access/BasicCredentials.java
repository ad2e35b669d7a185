package dev.turnout.http.access;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// A name and a password as a client gives them (RFC 7617).
record BasicCredentials(String user, String password) {
  private static final String SCHEME = "Basic ";

  /// Reads the value of `Authorization`; null if it is something else, or names nobody.
  static @Nullable BasicCredentials parse(String field) {
    if (!field.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return null;
    }
    String text;
    try {
      byte[] plain = Base64.getDecoder().decode(field.substring(SCHEME.length()).strip());
      text = new String(plain, StandardCharsets.ISO_8859_1);
    } catch (IllegalArgumentException _) {
      return null;
    }
    int colon = text.indexOf(':');
    return colon <= 0
        ? null
        : new BasicCredentials(text.substring(0, colon), text.substring(colon + 1));
  }

  @Override
  public String toString() {
    return "credentials of " + user; // never the password
  }
}

package dev.turnout.control;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// What a change is known by to a client that asks for it again: the key that the client chose and,
/// after a space, the digest of what it asked for.
public final class IdempotencyKey {
  private static final int DIGEST_BYTES = 12;

  private IdempotencyKey() {}

  /// The key as changes are stored with it.
  ///
  /// @param key as the client chose it, without spaces
  /// @param asked all that makes up the request
  public static String of(String key, String... asked) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part : asked) {
        digest.update(part.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
      }
      return key + " " + HexFormat.of().formatHex(digest.digest(), 0, DIGEST_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every platform has SHA-256", e);
    }
  }

  /// True if the client means the same change, whatever it asks for now.
  static boolean isSame(String one, String other) {
    return !one.isEmpty() && chosen(one).equals(chosen(other));
  }

  private static String chosen(String key) {
    int space = key.indexOf(' ');
    return space < 0 ? key : key.substring(0, space);
  }
}

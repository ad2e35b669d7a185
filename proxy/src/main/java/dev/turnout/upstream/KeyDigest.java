package dev.turnout.upstream;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// What stands for a key of a client's, an address or the name of its session, where nodes tell
/// each other of it: sixteen bytes of its SHA-256. All are of one size, and who reads along learns
/// no session.
public final class KeyDigest {
  /// How many bytes, one char each.
  public static final int LENGTH = 16;

  private KeyDigest() {}

  /// That of a key of wire bytes.
  public static String of(String key) {
    byte[] digest = sha256().digest(key.getBytes(StandardCharsets.ISO_8859_1));
    return new String(digest, 0, LENGTH, StandardCharsets.ISO_8859_1);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}

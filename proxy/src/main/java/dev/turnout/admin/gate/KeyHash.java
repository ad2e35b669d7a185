package dev.turnout.admin.gate;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/// What is kept of a secret: PBKDF2 with HMAC-SHA-256 of it, which takes so many rounds to try one.
/// Written `pbkdf2-sha256$ROUNDS$SALT$HASH`, the last two in base64.
final class KeyHash {
  private static final String FORM = "pbkdf2-sha256";
  private static final String ALGORITHM = "PBKDF2WithHmacSHA256";
  private static final int USUAL_ROUNDS = 600_000;
  private static final int MOST_ROUNDS = 10_000_000;
  private static final int BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final int rounds;
  private final byte[] salt;
  private final byte[] hash;

  private KeyHash(int rounds, byte[] salt, byte[] hash) {
    this.rounds = rounds;
    this.salt = salt;
    this.hash = hash;
  }

  /// A new secret: 256 random bits, as text.
  static String newSecret() {
    byte[] secret = new byte[BYTES];
    RANDOM.nextBytes(secret);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
  }

  static KeyHash of(String secret) {
    return of(secret, USUAL_ROUNDS);
  }

  static KeyHash of(String secret, int rounds) {
    byte[] salt = new byte[16];
    RANDOM.nextBytes(salt);
    return new KeyHash(rounds, salt, derived(secret, salt, rounds));
  }

  /// Reads what [#toString] wrote.
  ///
  /// @throws IllegalArgumentException if it is something else
  static KeyHash parse(String text) {
    String[] parts = text.split("\\$", -1);
    if (parts.length == 4 && parts[0].equals(FORM) && parts[1].matches("[1-9][0-9]{2,7}")) {
      int rounds = Integer.parseInt(parts[1]);
      byte[] salt = Base64.getDecoder().decode(parts[2]);
      byte[] hash = Base64.getDecoder().decode(parts[3]);
      if (rounds <= MOST_ROUNDS && salt.length >= 8 && hash.length == BYTES) {
        return new KeyHash(rounds, salt, hash);
      }
    }
    throw new IllegalArgumentException("not a hash of a key");
  }

  /// Whether it is of this secret. Takes long, by design.
  boolean isOf(String secret) {
    return MessageDigest.isEqual(hash, derived(secret, salt, rounds));
  }

  private static byte[] derived(String secret, byte[] salt, int rounds) {
    // one char a byte, and any byte is one
    PBEKeySpec spec = new PBEKeySpec(secret.toCharArray(), salt, rounds, BYTES * 8);
    try {
      return SecretKeyFactory.getInstance(ALGORITHM).generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    } finally {
      spec.clearPassword();
    }
  }

  /// A quick digest under a key that nobody else has, to know a secret again.
  static byte[] quick(byte[] processKey, String secret) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(processKey);
      return digest.digest(secret.getBytes(StandardCharsets.ISO_8859_1));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public String toString() {
    Base64.Encoder base64 = Base64.getEncoder();
    return FORM
        + "$"
        + rounds
        + "$"
        + base64.encodeToString(salt)
        + "$"
        + base64.encodeToString(hash);
  }
}

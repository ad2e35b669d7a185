package dev.turnout.http.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/// The forms of a stored password that nginx knows by itself, and whether a password fits one.
final class StoredPassword {
  private static final String APR1 = "$apr1$";
  private static final String PLAIN = "{PLAIN}";
  private static final String SALTED_SHA = "{SSHA}";
  private static final String SHA = "{SHA}";
  private static final int SHA_LENGTH = 20;
  private static final int LONGEST_SALT = 8;
  private static final int ROUNDS = 1000;
  private static final String DIGITS =
      "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  private StoredPassword() {}

  /// True if the password is stored in one of the forms below.
  static boolean isKnown(String stored) {
    return stored.startsWith(APR1)
        || stored.startsWith(PLAIN)
        || stored.startsWith(SALTED_SHA)
        || stored.startsWith(SHA);
  }

  /// True if `stored` is what becomes of `password`.
  static boolean matches(String password, String stored) {
    byte[] key = bytes(password);
    String made;
    if (stored.startsWith(APR1)) {
      made = apr1(key, stored);
    } else if (stored.startsWith(PLAIN)) {
      made = PLAIN + password;
    } else if (stored.startsWith(SALTED_SHA)) {
      made = SALTED_SHA + saltedSha(key, stored.substring(SALTED_SHA.length()));
    } else {
      made = SHA + Base64.getEncoder().encodeToString(digest("SHA-1").digest(key));
    }
    return MessageDigest.isEqual(bytes(made), bytes(stored));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Base64 of the digest of password and salt, with the salt behind it.
  private static String saltedSha(byte[] key, String stored) {
    byte[] salt;
    try {
      byte[] decoded = Base64.getDecoder().decode(stored);
      salt = Arrays.copyOfRange(decoded, Math.min(SHA_LENGTH, decoded.length), decoded.length);
    } catch (IllegalArgumentException _) {
      salt = new byte[0]; // what is made of this is not what is stored
    }
    MessageDigest sha = digest("SHA-1");
    sha.update(key);
    byte[] hash = sha.digest(salt);
    byte[] both = Arrays.copyOf(hash, SHA_LENGTH + salt.length);
    System.arraycopy(salt, 0, both, SHA_LENGTH, salt.length);
    return Base64.getEncoder().encodeToString(both);
  }

  /// Apache's variant of the MD5-based crypt of FreeBSD: a thousand rounds over password and salt.
  static String apr1(byte[] key, String stored) {
    String salted = stored.substring(APR1.length());
    int dollar = salted.indexOf('$');
    String saltText =
        salted.substring(0, Math.min(dollar < 0 ? salted.length() : dollar, LONGEST_SALT));
    byte[] salt = bytes(saltText);
    MessageDigest md5 = digest("MD5");

    md5.update(key);
    md5.update(salt);
    byte[] hash = md5.digest(key);

    md5.update(key);
    md5.update(bytes(APR1));
    md5.update(salt);
    for (int left = key.length; left > 0; left -= hash.length) {
      md5.update(hash, 0, Math.min(left, hash.length));
    }
    for (int bits = key.length; bits != 0; bits >>= 1) {
      md5.update((bits & 1) != 0 ? 0 : key[0]);
    }
    hash = md5.digest();

    for (int round = 0; round < ROUNDS; round++) {
      boolean odd = (round & 1) != 0;
      md5.update(odd ? key : hash);
      if (round % 3 != 0) {
        md5.update(salt);
      }
      if (round % 7 != 0) {
        md5.update(key);
      }
      hash = md5.digest(odd ? hash : key);
    }
    return APR1 + saltText + "$" + text(hash);
  }

  /// The digest in crypt's digits; its bytes go in an order of their own.
  private static String text(byte[] hash) {
    StringBuilder out = new StringBuilder(22);
    for (int i = 0; i < 5; i++) {
      int third = i == 4 ? 5 : i + 12;
      digits(out, ((hash[i] & 0xff) << 16) | ((hash[i + 6] & 0xff) << 8) | (hash[third] & 0xff), 4);
    }
    digits(out, hash[11] & 0xff, 2);
    return out.toString();
  }

  private static void digits(StringBuilder out, int bits, int count) {
    int left = bits;
    for (int i = 0; i < count; i++) {
      out.append(DIGITS.charAt(left & 0x3f));
      left >>= 6;
    }
  }
}

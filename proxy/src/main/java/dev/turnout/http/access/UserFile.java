package dev.turnout.http.access;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;

/// A file of users and passwords, as htpasswd(1) writes it: `user:password` and perhaps a comment
/// after another colon.
final class UserFile {
  private UserFile() {}

  /// What the file says about a user.
  enum Answer {
    MATCHES,
    DIFFERS,
    UNKNOWN_USER,
    UNKNOWN_FORM
  }

  /// Reads the file and checks the password. May wait, and takes a while.
  static Answer check(Path file, BasicCredentials given) throws IOException {
    String start = given.user() + ":";
    try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(start) && !line.startsWith("#")) {
          int end = line.indexOf(':', start.length());
          String stored = line.substring(start.length(), end < 0 ? line.length() : end);
          return compare(given.password(), stored);
        }
      }
    }
    return Answer.UNKNOWN_USER;
  }

  private static Answer compare(String password, String stored) {
    if (StoredPassword.isKnown(stored)) {
      return StoredPassword.matches(password, stored) ? Answer.MATCHES : Answer.DIFFERS;
    }
    String made = Crypt.hash(password, stored);
    if (made == null) {
      return Answer.UNKNOWN_FORM;
    }
    boolean same =
        MessageDigest.isEqual(
            made.getBytes(StandardCharsets.ISO_8859_1),
            stored.getBytes(StandardCharsets.ISO_8859_1));
    return same ? Answer.MATCHES : Answer.DIFFERS;
  }
}

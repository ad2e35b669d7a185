package dev.turnout.admin.gate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The keys of a `management_keys` file, as they were when the configuration was read: lines
/// `name:role:hash`, where the key that a client sends is `name.secret`.
///
/// A key that was right once is known again by a quick digest; there is one for each name at most.
/// Shared by the loops and the threads that do the hashing.
final class ApiKeys {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");
  private static final Pattern HEADER_VALUE = Pattern.compile("[!-~]{1,512}");

  private final Map<String, Entry> entries;
  private final Map<String, byte[]> known = new ConcurrentHashMap<>();
  private final byte[] processKey = new byte[32];
  private final KeyHash nobody;

  private record Entry(Identity identity, KeyHash hash) {}

  private ApiKeys(Map<String, Entry> entries) {
    this.entries = Map.copyOf(entries);
    new SecureRandom().nextBytes(processKey);
    // as slow as the others, so that the time does not tell which names there are
    this.nobody =
        entries.values().stream()
            .map(Entry::hash)
            .findFirst()
            .orElseGet(() -> KeyHash.of("", 1000));
  }

  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /// Reads a file.
  ///
  /// @throws IOException if it cannot be read, or others can write it; the message says what to do
  /// @throws IllegalArgumentException with the line and what is wrong with it
  static ApiKeys read(Path file) throws IOException {
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
    if (permissions.contains(PosixFilePermission.GROUP_WRITE)
        || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException("\"" + file + "\" can be written by others than its owner");
    }
    Map<String, Entry> entries = new HashMap<>();
    List<String> lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      String where = "\"" + file + "\", line " + (i + 1) + ": ";
      int first = line.indexOf(':');
      int last = line.lastIndexOf(':');
      if (first < 0 || first == last || !isName(line.substring(0, first))) {
        throw new IllegalArgumentException(where + "a key is written name:role:hash");
      }
      String name = line.substring(0, first);
      try {
        Role role = Role.parse(line.substring(first + 1, last));
        KeyHash hash = KeyHash.parse(line.substring(last + 1));
        if (entries.put(name, new Entry(new Identity("key:" + name, role), hash)) != null) {
          throw new IllegalArgumentException("a second key \"" + name + "\"");
        }
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(where + e.getMessage(), e);
      }
    }
    return new ApiKeys(entries);
  }

  /// Whose key it is, if it was right before; null: it is to be [verified][#verify].
  @Nullable Identity known(String key) {
    String name = name(key);
    byte[] digest = known.get(name);
    Entry entry = entries.get(name);
    return digest != null
            && entry != null
            && MessageDigest.isEqual(digest, KeyHash.quick(processKey, key))
        ? entry.identity
        : null;
  }

  /// Whose key it is; null if nobody's. Takes long: not for a loop.
  @Nullable Identity verify(String key) {
    String name = name(key);
    Entry entry = entries.get(name);
    boolean wellFormed = HEADER_VALUE.matcher(key).matches();
    String secret =
        wellFormed && key.length() > name.length() ? key.substring(name.length() + 1) : "";
    boolean matches = (entry == null ? nobody : entry.hash).isOf(secret);
    if (entry == null || !matches || secret.isEmpty()) {
      return null;
    }
    known.put(name, KeyHash.quick(processKey, key));
    return entry.identity;
  }

  private static String name(String key) {
    int dot = key.indexOf('.');
    return dot < 0 ? "" : key.substring(0, dot);
  }
}

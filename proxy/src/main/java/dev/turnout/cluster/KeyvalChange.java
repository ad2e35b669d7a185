package dev.turnout.cluster;

/// One edit of a key-value zone. Several of them in one change take effect together or not at all.
public sealed interface KeyvalChange {
  /// Sets a key, whether it existed or not.
  record Put(String key, String value) implements KeyvalChange {
    public Put {
      Bytes.check("key", key);
      Bytes.check("value", value);
    }
  }

  /// Removes a key; a key that does not exist stays absent.
  record Delete(String key) implements KeyvalChange {}

  /// Removes every key.
  record Clear() implements KeyvalChange {}

  /// The rule that keys and values are bytes, one char each.
  final class Bytes {
    private Bytes() {}

    private static void check(String what, String text) {
      for (int i = 0; i < text.length(); i++) {
        if (text.charAt(i) > 0xff) {
          // It would be cut to a different byte on its way to disk: a bug of the caller.
          throw new IllegalArgumentException(what + " holds a character that is not one byte");
        }
      }
    }
  }
}

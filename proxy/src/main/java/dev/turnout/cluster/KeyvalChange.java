package dev.turnout.cluster;

import org.jspecify.annotations.Nullable;

/// One edit of a key-value zone. Several of them in one change take effect together or not at all.
public sealed interface KeyvalChange {
  /// Sets a key, whether it existed or not.
  ///
  /// @param expireMillis how long it holds from now on; null: as long as the zone's timeout says
  record Put(String key, String value, @Nullable Long expireMillis) implements KeyvalChange {
    public Put {
      Bytes.check("key", key);
      Bytes.check("value", value);
      if (expireMillis != null && expireMillis < 0) {
        throw new IllegalArgumentException("a value cannot end before it begins");
      }
    }

    /// Sets a key for as long as the zone says.
    public Put(String key, String value) {
      this(key, value, null);
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

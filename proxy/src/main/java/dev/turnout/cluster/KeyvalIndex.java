package dev.turnout.cluster;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Finds the entry of a zone for a text that is not simply its key. Immutable: it is built by the
/// writer, once for each state that it publishes, and read by every loop.
sealed interface KeyvalIndex permits AddressIndex, PrefixIndex {
  /// The value for a text; null if there is none. An entry that is over gives way to the next best.
  @Nullable String find(String text, long nowMillis);

  /// The index of a state; null where keys are compared as they are.
  static @Nullable KeyvalIndex of(
      KeyvalType type, Map<String, String> entries, Map<String, Long> deadlines) {
    return switch (type) {
      case STRING -> null;
      case IP -> AddressIndex.of(entries, deadlines);
      case PREFIX -> PrefixIndex.of(entries, deadlines);
    };
  }
}

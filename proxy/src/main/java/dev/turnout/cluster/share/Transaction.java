package dev.turnout.cluster.share;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is to be written to a store: all of it at one moment, or nothing.
///
/// @param expected the versions that keys must have for it to be made ([Reading#version()]), also
///   of keys that it does not write
/// @param writes the values of keys from then on; null: the key is deleted
public record Transaction(Map<String, String> expected, Map<String, @Nullable String> writes) {
  /// The version of a key that is not there.
  public static final String ABSENT = "";

  /// A version that no key ever has: no engine gives it out.
  public static final String NEVER = "\0never";

  // Written out: of a compact constructor the class file does not keep that values may be null.
  public Transaction(Map<String, String> expected, Map<String, @Nullable String> writes) {
    this.expected = Map.copyOf(expected);
    this.writes = Collections.unmodifiableMap(new LinkedHashMap<>(writes));
  }
}

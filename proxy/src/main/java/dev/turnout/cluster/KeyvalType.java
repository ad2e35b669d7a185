package dev.turnout.cluster;

/// How a text that is looked up in a zone finds its entry (`type=`).
public enum KeyvalType {
  /// The key is the text.
  STRING,
  /// The key is the address, or the smallest network that it is in.
  IP,
  /// The key is the longest one that the text begins with.
  PREFIX;

  /// True if it can be a key of a zone of this type.
  public boolean admits(String key) {
    return switch (this) {
      case STRING, PREFIX -> true;
      case IP -> NetworkKey.parse(key) != null;
    };
  }
}

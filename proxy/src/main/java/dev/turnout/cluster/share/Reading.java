package dev.turnout.cluster.share;

/// What a store has under a key.
public sealed interface Reading {
  /// There is no such key.
  Reading ABSENT = new Absent();

  /// A value.
  ///
  /// @param value bytes, one char each
  /// @param version by which the engine tells this value of the key from others: compared, never
  ///   read; not empty
  record Present(String value, String version) implements Reading {
    public Present {
      if (version.isEmpty()) {
        throw new IllegalArgumentException("an empty version stands for a key that is not there");
      }
    }
  }

  /// Nothing: it never was there, was deleted, or its time was over.
  record Absent() implements Reading {}

  /// Something that is no value, such as a list.
  ///
  /// @param reason for an operator
  record Unreadable(String reason) implements Reading {}

  /// The version to expect in a [Transaction] of a key that was read like this. A key that cannot
  /// be read never is as it was expected.
  default String version() {
    return switch (this) {
      case Present(_, String version) -> version;
      case Absent _ -> Transaction.ABSENT;
      case Unreadable _ -> Transaction.NEVER;
    };
  }
}

package dev.turnout.cluster.share;

/// What a store has under a key.
@SuppressWarnings(
    "ClassInitializationDeadlock") // without default methods it is not initialized first
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
  record Absent() implements Reading {
    @Override
    public String version() {
      return Transaction.ABSENT;
    }
  }

  /// Something that is no value, such as a list. It never is as it was expected.
  ///
  /// @param reason for an operator
  record Unreadable(String reason) implements Reading {
    @Override
    public String version() {
      return Transaction.NEVER;
    }
  }

  /// The version to expect in a [Transaction] of a key that was read like this.
  String version();
}

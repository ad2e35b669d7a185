package dev.turnout.cluster.file;

import dev.turnout.cluster.KeyvalSnapshot;

/// What was found where a state file, or a copy of it, should be.
sealed interface StateReading {
  /// No such file.
  record Absent() implements StateReading {}

  /// A whole state: ours with a right checksum, or one of NGINX Plus, which has revision 0.
  record Good(String zone, KeyvalSnapshot snapshot, boolean foreign) implements StateReading {}

  /// A file that does not hold what was written to it.
  record Damaged(String what) implements StateReading {}

  /// A state file of a later Turnout: not ours to judge, and not ours to replace.
  record Unsupported(String format) implements StateReading {}
}

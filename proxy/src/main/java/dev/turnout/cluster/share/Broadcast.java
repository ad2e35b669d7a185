package dev.turnout.cluster.share;

import java.io.IOException;
import java.util.Map;

/// How nodes tell each other what is soon out of date, through the engine that they share:
/// messages, of which some may be lost, and *marks*, keys that end by themselves, for those who
/// come later.
///
/// One thread speaks.
public interface Broadcast extends AutoCloseable {
  /// A mark that is there.
  ///
  /// @param leftMillis after which it ends
  record Mark(String value, long leftMillis) {}

  /// Who hears. Told by a thread of the engine's; must not wait.
  interface Listener {
    /// From now on what is said is heard; what was said before may have been missed.
    void joined();

    /// Somebody, this node included, said something. Bytes, one char each.
    void heard(String message);

    /// Nothing is heard any more, until [#joined].
    ///
    /// @param reason for an operator; without secrets
    void lost(String reason);
  }

  /// Says something to all who hear, and sets marks. Where a mark has a larger value by the order
  /// of its bytes it keeps it; it lives on all the same. Waits for the engine.
  ///
  /// @param message bytes, one char each
  /// @param marks values by name: visible ASCII
  /// @param keptMillis after which a mark ends that is not set again
  /// @throws IOException if the engine did not confirm it; it may have been said
  void say(String message, Map<String, String> marks, long keptMillis) throws IOException;

  /// All marks whose names begin so. Waits for the engine.
  ///
  /// @throws IOException if the engine did not tell
  Map<String, Mark> marks(String prefix) throws IOException;

  /// Nothing is heard any more once this returns.
  @Override
  void close();
}

package dev.turnout.http.health;

/// A way to ask one server how it is, over and over. Used by one virtual thread, which it may keep
/// waiting.
interface Probe extends AutoCloseable {
  /// Asks once.
  ///
  /// @throws InterruptedException if the answer is not wanted any more
  Found run() throws InterruptedException;

  /// Lets go of a connection that was kept.
  @Override
  void close();
}

package dev.turnout.upstream;

/// Something that changed in the health of an upstream.
public sealed interface HealthEvent {
  /// The name of the upstream.
  String upstream();

  /// When it was, in milliseconds since the epoch.
  long atMillis();

  /// A server went from one state to another.
  ///
  /// @param reason in a few words, such as `checking status code, health check ""`
  record PeerChanged(
      String upstream, PeerSpec peer, PeerState from, PeerState to, String reason, long atMillis)
      implements HealthEvent {}

  /// Fewer servers are usable than `panic_threshold` says: health is ignored from now on.
  ///
  /// @param usable how many servers are usable
  /// @param total of how many that are wanted in use
  record PanicBegan(String upstream, int usable, int total, long atMillis) implements HealthEvent {}

  /// Enough servers are usable again: health counts from now on.
  record PanicEnded(String upstream, int usable, int total, long atMillis) implements HealthEvent {}
}

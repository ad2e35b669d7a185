package dev.turnout.loadgen;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Asks Linux to wake this thread on time: by default it may be 50 µs late, which a due time at
/// 20,000 requests a second cannot spare.
final class TimerSlack {
  private TimerSlack() {}

  /// Best effort: elsewhere, or when it is not allowed, the slack stays and the lag shows it.
  static void minimise() {
    try {
      Path thread = Files.readSymbolicLink(Path.of("/proc/thread-self"));
      Files.writeString(Path.of("/proc", thread.getFileName().toString(), "timerslack_ns"), "1");
    } catch (IOException | UnsupportedOperationException e) {
      // The lag histogram tells what is lost.
    }
  }
}

package dev.turnout.net;

import java.util.Optional;

/// A signal that controls the process, with its number on Linux (x86-64 and arm64).
public enum PosixSignal {
  HUP(1),
  INT(2),
  QUIT(3),
  USR1(10),
  USR2(12),
  TERM(15),
  WINCH(28);

  private final int number;

  PosixSignal(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /// The signal that `-s action` sends.
  public static Optional<PosixSignal> commanded(String action) {
    return switch (action) {
      case "stop" -> Optional.of(TERM);
      case "quit" -> Optional.of(QUIT);
      case "reload" -> Optional.of(HUP);
      case "reopen" -> Optional.of(USR1);
      default -> Optional.empty();
    };
  }

  static Optional<PosixSignal> numbered(int number) {
    for (PosixSignal signal : values()) {
      if (signal.number == number) {
        return Optional.of(signal);
      }
    }
    return Optional.empty();
  }
}

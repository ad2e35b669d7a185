package dev.turnout.net.resolve;

/// Why a name could not be resolved, with nginx's numbers and words.
public enum Trouble {
  FORMERR(1, "Format error"),
  SERVFAIL(2, "Server failure"),
  NXDOMAIN(3, "Host not found"),
  NOTIMP(4, "Unimplemented"),
  REFUSED(5, "Operation refused"),
  TIMED_OUT(110, "Operation timed out");

  private final int number;
  private final String words;

  Trouble(int number, String words) {
    this.number = number;
    this.words = words;
  }

  /// `3: Host not found`.
  public String text() {
    return number + ": " + words;
  }

  int number() {
    return number;
  }

  /// The trouble that a response code from 1 to 5 means.
  static Trouble of(int code) {
    for (Trouble each : values()) {
      if (each.number == code) {
        return each;
      }
    }
    throw new IllegalArgumentException("response code " + code);
  }
}

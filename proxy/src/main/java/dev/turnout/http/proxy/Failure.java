package dev.turnout.http.proxy;

import java.util.Set;

/// Why an attempt at a peer did not lead to an answer that is passed on.
sealed interface Failure {
  /// The connection could not be made, or broke.
  ///
  /// @param critical it could not even be tried
  record ConnectionFailed(String what, boolean critical) implements Failure {
    ConnectionFailed(String what) {
      this(what, false);
    }
  }

  /// The peer was silent for too long.
  record TimedOut(String stage) implements Failure {}

  /// The peer's answer is no valid response.
  record InvalidResponse(String reason) implements Failure {}

  /// The peer answered with a status that `proxy_next_upstream` lists.
  record ListedStatus(int status) implements Failure {}

  /// No peer may be tried.
  record NoLivePeers(String upstream) implements Failure {}

  /// What the client is told if nothing else is tried.
  default int status() {
    return switch (this) {
      case ConnectionFailed _, InvalidResponse _, NoLivePeers _ -> 502;
      case TimedOut _ -> 504;
      case ListedStatus(int status) -> status;
    };
  }

  /// The condition of `proxy_next_upstream` that lets another peer be tried; null if none does.
  default Condition condition() {
    return switch (this) {
      case ConnectionFailed _ -> Condition.ERROR;
      case TimedOut _ -> Condition.TIMEOUT;
      case InvalidResponse _ -> Condition.INVALID_HEADER;
      case ListedStatus(int status) -> Condition.ofStatus(status);
      case NoLivePeers _ -> Condition.OFF;
    };
  }

  /// The words of `proxy_next_upstream`.
  enum Condition {
    ERROR,
    TIMEOUT,
    INVALID_HEADER,
    HTTP_500,
    HTTP_502,
    HTTP_503,
    HTTP_504,
    HTTP_403,
    HTTP_404,
    HTTP_429,
    NON_IDEMPOTENT,
    OFF;

    static Condition ofStatus(int status) {
      return switch (status) {
        case 500 -> HTTP_500;
        case 502 -> HTTP_502;
        case 503 -> HTTP_503;
        case 504 -> HTTP_504;
        case 403 -> HTTP_403;
        case 404 -> HTTP_404;
        case 429 -> HTTP_429;
        default -> OFF;
      };
    }

    /// nginx's default: `error timeout`.
    static final Set<Condition> STANDARD = Set.of(ERROR, TIMEOUT);
  }
}

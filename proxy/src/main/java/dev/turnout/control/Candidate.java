package dev.turnout.control;

import dev.turnout.http.Generation;
import dev.turnout.log.ErrorLog;
import java.util.List;

/// A configuration that has been read and built, and may take effect.
public interface Candidate {
  /// What requests are to be served by.
  Generation generation();

  /// Where the process tells its errors from then on.
  ErrorLog log();

  /// What an operator should know about it.
  List<String> warnings();

  /// It takes effect: zones, upstreams and logs change over.
  void activate();

  /// It is given up: what was opened for it is closed.
  void abandon();

  /// It was replaced, and its last request is over.
  default void retire() {}
}

package dev.turnout.http;

/// Takes note of an exchange that is over.
@FunctionalInterface
public interface LogHandler {
  /// Called once at the end of each exchange, on its loop.
  void log(Exchange exchange);
}

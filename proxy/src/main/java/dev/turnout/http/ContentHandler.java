package dev.turnout.http;

/// What answers the requests of a location: a proxy, files, a fixed text. Shared by all loops.
@FunctionalInterface
public interface ContentHandler {
  /// Answers now or later, on the exchange's loop, exactly once.
  void handle(Exchange exchange);
}

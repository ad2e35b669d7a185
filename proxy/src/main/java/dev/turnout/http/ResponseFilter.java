package dev.turnout.http;

/// Changes a response on its way to the wire, as configured for one location. Shared by all loops.
@FunctionalInterface
public interface ResponseFilter {
  /// Called once for each response, before its head is composed.
  void head(Exchange exchange, Response response);
}

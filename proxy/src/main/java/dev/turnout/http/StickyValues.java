package dev.turnout.http;

/// What an upstream's `sticky` takes from a request and adds to its response, by the variables of
/// one configuration.
public interface StickyValues {
  /// The route or session that the request asks for; empty if it asks for none.
  String key(Exchange exchange);

  /// The session that the request has begun; empty if it has begun none.
  String session(Exchange exchange);

  /// The value of the `Set-Cookie` that brings the client back to this route; empty where no cookie
  /// does that.
  String cookie(Exchange exchange, String route);
}

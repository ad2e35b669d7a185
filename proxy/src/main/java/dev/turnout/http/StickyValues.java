package dev.turnout.http;

import dev.turnout.upstream.sticky.Sticky;

/// What an upstream's `sticky` takes from a request and adds to its response, by the variables of
/// one configuration.
public interface StickyValues {
  /// Of a `sticky` that cannot be read here.
  StickyValues NONE =
      new StickyValues() {
        @Override
        public String key(Exchange exchange) {
          return "";
        }

        @Override
        public String session(Exchange exchange) {
          return "";
        }

        @Override
        public String cookie(Exchange exchange, String route) {
          return "";
        }
      };

  /// Makes one of what an upstream's spec has.
  interface Compiler {
    /// Makes it.
    ///
    /// @throws IllegalArgumentException if it speaks of a variable that is not there
    StickyValues compile(Sticky sticky, Variables variables);
  }

  /// The route or session that the request asks for; empty if it asks for none.
  String key(Exchange exchange);

  /// The session that the request has begun; empty if it has begun none.
  String session(Exchange exchange);

  /// The value of the `Set-Cookie` that brings the client back to this route; empty where no cookie
  /// does that.
  String cookie(Exchange exchange, String route);
}

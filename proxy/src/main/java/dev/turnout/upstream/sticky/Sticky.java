package dev.turnout.upstream.sticky;

/// How an upstream's requests are bound to servers, as configured: `sticky`.
///
/// A request names its server, or its session, by a value of its own that
/// [dev.turnout.upstream.PickContext#stickyKey()] has. A server is named by its route: what its
/// `route=` says, or else [RouteId#of].
public sealed interface Sticky permits StickyCookie, StickyRoute, StickyLearn {
  /// All of it in words that [#parse] reads, the kind first.
  String text();

  /// What has this [#text].
  ///
  /// @throws IllegalArgumentException if there is none
  static Sticky parse(String text) {
    int space = text.indexOf(' ');
    String rest = text.substring(space + 1);
    return switch (space < 0 ? text : text.substring(0, space)) {
      case "cookie" -> new StickyCookie(rest);
      case "route" -> new StickyRoute();
      case "learn" -> StickyLearn.parse(rest);
      default -> throw new IllegalArgumentException("unknown kind of sticky \"" + text + "\"");
    };
  }
}

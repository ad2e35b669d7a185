package dev.turnout.upstream.sticky;

import java.util.List;

/// How an upstream's requests are bound to servers, as configured: all that `sticky` says.
///
/// A request names its server, or its session, by a value of its own that
/// [dev.turnout.upstream.PickContext#stickyKey()] has. A server is named by its route: what its
/// `route=` says, or else [RouteId#of].
public sealed interface Sticky permits StickyCookie, StickyRoute, StickyLearn {
  /// The arguments of a `sticky` directive that says the same, the kind first.
  List<String> words();

  /// What has these [#words].
  ///
  /// @throws IllegalArgumentException if there is none
  static Sticky parse(List<String> words) {
    Words said = new Words(words);
    return switch (said.first()) {
      case "cookie" ->
          new StickyCookie(
              said.second(),
              expires(said.text("expires=")),
              said.text("domain="),
              said.text("path="),
              said.has("httponly"),
              said.has("secure"),
              said.text("samesite="));
      case "route" -> new StickyRoute(said.all("$"));
      case "learn" -> {
        String zone = said.text("zone=");
        int colon = zone.lastIndexOf(':');
        String timeout = said.text("timeout=");
        if (colon < 0 || !timeout.endsWith("ms")) {
          throw new IllegalArgumentException("unknown sticky sessions " + words);
        }
        yield new StickyLearn(
            zone.substring(0, colon),
            Long.parseLong(zone.substring(colon + 1)),
            Long.parseLong(timeout.substring(0, timeout.length() - 2)),
            said.has("header"),
            said.has("sync"),
            said.all("create=$"),
            said.all("lookup=$"));
      }
      default -> throw new IllegalArgumentException("unknown kind of sticky " + words);
    };
  }

  private static long expires(String text) {
    return switch (text) {
      case "" -> StickyCookie.SESSION;
      case "max" -> StickyCookie.MAX;
      default -> Long.parseLong(text.substring(0, text.length() - 1));
    };
  }
}

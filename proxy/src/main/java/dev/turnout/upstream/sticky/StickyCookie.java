package dev.turnout.upstream.sticky;

/// `sticky cookie`: the client brings the route back in a cookie, which every response sets anew.
///
/// @param name the cookie's name
public record StickyCookie(String name) implements Sticky {
  @Override
  public String text() {
    return "cookie " + name;
  }
}

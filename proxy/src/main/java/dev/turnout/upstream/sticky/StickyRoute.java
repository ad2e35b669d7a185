package dev.turnout.upstream.sticky;

/// `sticky route`: the request names the route itself, in whatever its variables make of it.
public record StickyRoute() implements Sticky {
  @Override
  public String text() {
    return "route";
  }
}

package dev.turnout.config;

/// The kinds of block a directive can stand in, with nginx's names for them.
public enum Context {
  MAIN("main"),
  EVENTS("events"),
  HTTP("http"),
  SERVER("server"),
  LOCATION("location"),
  SERVER_IF("if in server"),
  LOCATION_IF("if in location"),
  LIMIT_EXCEPT("limit_except"),
  UPSTREAM("upstream");

  private final String text;

  Context(String text) {
    this.text = text;
  }

  /// As nginx's documentation writes it: `if in location`.
  public String text() {
    return text;
  }
}

package dev.turnout.testkit;

/// A body without its framing.
record Body(Framing framing, String text, Fields trailers) {
  static final Body NONE = new Body(Framing.NONE, "", Fields.NONE);
}

package dev.turnout.testkit;

/// A response as a client got it.
///
/// @param raw every byte, framing included
/// @param body without its framing
public record RawResponse(
    String raw,
    String version,
    int status,
    String reason,
    Fields headers,
    Framing framing,
    String body,
    Fields trailers) {

  static RawResponse of(String raw, Head head, Body body) {
    String line = head.startLine();
    return new RawResponse(
        raw,
        line.substring(0, 8),
        status(line),
        line.length() > 13 ? line.substring(13) : "",
        head.fields(),
        body.framing(),
        body.text(),
        body.trailers());
  }

  static int status(String line) {
    if (!line.matches("HTTP/1\\.[01] [1-9][0-9]{2}( .*)?")) {
      throw new MalformedMessageException("not a status line: " + line);
    }
    return Integer.parseInt(line.substring(9, 12));
  }

  /// If the sender said that the connection ends after this.
  public boolean closes() {
    return headers.all("Connection").stream().anyMatch(v -> v.equalsIgnoreCase("close"));
  }
}

package dev.turnout.testkit;

/// A request as an upstream got it.
///
/// @param connection the number of the connection it came on, counted from 0
/// @param number its number on that connection, counted from 0
/// @param raw every byte, framing included
/// @param body without its framing
public record RecordedRequest(
    int connection,
    int number,
    String raw,
    String method,
    String target,
    String version,
    Fields headers,
    Framing framing,
    String body,
    Fields trailers) {

  static RecordedRequest of(int connection, int number, String raw, Head head, Body body) {
    String[] words = head.startLine().split(" ", -1);
    if (words.length != 3) {
      throw new MalformedMessageException("not a request line: " + head.startLine());
    }
    return new RecordedRequest(
        connection,
        number,
        raw,
        words[0],
        words[1],
        words[2],
        head.fields(),
        body.framing(),
        body.text(),
        body.trailers());
  }
}

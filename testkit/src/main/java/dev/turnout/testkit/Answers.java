package dev.turnout.testkit;

import java.util.List;
import java.util.stream.Collectors;

/// Responses as bytes, for scripts.
public final class Answers {
  private Answers() {}

  /// `200` with a Content-Length.
  public static String ok(String body) {
    return of(200, List.of(), body);
  }

  /// A response with these headers and a Content-Length.
  public static String of(int status, List<Field> headers, String body) {
    return head(status, headers) + "Content-Length: " + body.length() + "\r\n\r\n" + body;
  }

  /// `200` in these chunks, with these trailers.
  public static String chunked(List<String> chunks, List<Field> trailers) {
    return head(200, List.of(new Field("Transfer-Encoding", "chunked")))
        + "\r\n"
        + chunks.stream().map(Answers::chunk).collect(Collectors.joining())
        + "0\r\n"
        + lines(trailers)
        + "\r\n";
  }

  public static String chunk(String text) {
    return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
  }

  private static String head(int status, List<Field> headers) {
    return "HTTP/1.1 " + status + " Test\r\n" + lines(headers);
  }

  private static String lines(List<Field> fields) {
    return fields.stream()
        .map(field -> field.name() + ": " + field.value() + "\r\n")
        .collect(Collectors.joining());
  }
}

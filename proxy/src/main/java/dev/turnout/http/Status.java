package dev.turnout.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Status codes (RFC 9110 section 15) with the texts that nginx sends, and the bodies of its
/// built-in error pages.
public final class Status {
  /// The connection has become a tunnel.
  public static final int SWITCHING_PROTOCOLS = 101;

  /// nginx's own code: close the connection without an answer.
  public static final int CLOSE = 444;

  /// nginx's own code, in logs: the client went away before it was answered.
  public static final int CLIENT_CLOSED = 499;

  private static final byte[] @Nullable [] LINES = new byte[600][];

  static {
    for (int status = 100; status < LINES.length; status++) {
      String text = text(status);
      if (text != null) {
        LINES[status] = line(status, text);
      }
    }
  }

  private Status() {}

  private static byte[] line(int status, String text) {
    return ("HTTP/1.1 " + status + " " + text + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
  }

  /// The status line with its line end.
  public static byte[] line(int status) {
    byte[] line = status < LINES.length ? LINES[status] : null;
    return line != null
        ? line
        : ("HTTP/1.1 " + status + " \r\n").getBytes(StandardCharsets.ISO_8859_1);
  }

  /// The reason phrase that nginx sends, or null if it has none for this code.
  static @Nullable String text(int status) {
    return switch (status) {
      case 100 -> "Continue";
      case 101 -> "Switching Protocols";
      case 103 -> "Early Hints";
      case 200 -> "OK";
      case 201 -> "Created";
      case 202 -> "Accepted";
      case 204 -> "No Content";
      case 206 -> "Partial Content";
      case 301 -> "Moved Permanently";
      case 302 -> "Moved Temporarily";
      case 303 -> "See Other";
      case 304 -> "Not Modified";
      case 307 -> "Temporary Redirect";
      case 308 -> "Permanent Redirect";
      case 400 -> "Bad Request";
      case 401 -> "Unauthorized";
      case 402 -> "Payment Required";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Not Allowed";
      case 406 -> "Not Acceptable";
      case 407 -> "Proxy Authentication Required";
      case 408 -> "Request Time-out";
      case 409 -> "Conflict";
      case 410 -> "Gone";
      case 411 -> "Length Required";
      case 412 -> "Precondition Failed";
      case 413 -> "Request Entity Too Large";
      case 414 -> "Request-URI Too Large";
      case 415 -> "Unsupported Media Type";
      case 416 -> "Requested Range Not Satisfiable";
      case 417 -> "Expectation Failed";
      case 421 -> "Misdirected Request";
      case 428 -> "Precondition Required";
      case 429 -> "Too Many Requests";
      case 431 -> "Request Header Fields Too Large";
      case 500 -> "Internal Server Error";
      case 501 -> "Not Implemented";
      case 502 -> "Bad Gateway";
      case 503 -> "Service Temporarily Unavailable";
      case 504 -> "Gateway Time-out";
      case 505 -> "HTTP Version Not Supported";
      case 507 -> "Insufficient Storage";
      default -> null;
    };
  }

  /// What the page says, which for two codes is not what the status line says.
  private static @Nullable String title(int status) {
    return switch (status) {
      case 302 -> "Found";
      case 401 -> "Authorization Required";
      default -> text(status);
    };
  }

  /// True for codes whose built-in answer is a page.
  static boolean hasPage(int status) {
    return status >= 301 && status != 304 && text(status) != null;
  }

  /// The built-in page of this code.
  ///
  /// @param serverToken what stands under the line: `nginx/1.31.5`, `nginx`, or empty
  static byte[] page(int status, String serverToken) {
    String title = status + " " + title(status);
    String footer = serverToken.isEmpty() ? "" : "<hr><center>" + serverToken + "</center>\r\n";
    return ("<html>\r\n<head><title>"
            + title
            + "</title></head>\r\n<body>\r\n<center><h1>"
            + title
            + "</h1></center>\r\n"
            + footer
            + "</body>\r\n</html>\r\n")
        .getBytes(StandardCharsets.ISO_8859_1);
  }
}

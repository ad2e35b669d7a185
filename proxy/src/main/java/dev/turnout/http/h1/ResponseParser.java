package dev.turnout.http.h1;

import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Reads response heads off one upstream connection, strictly. Owned by that connection.
///
/// It works as {@link RequestParser} does, with one buffer as the limit. Interim heads (1xx) are
/// heads of their own: reset and parse again.
public final class ResponseParser {
  /// The head is not complete: append more bytes and parse again.
  public static final int NEED_MORE = -1;

  /// The response is invalid: see [#reason()]; the connection must be closed.
  public static final int INVALID = -2;

  private static final int MAX_FIELDS = 1000;

  /// Fields of which nginx takes the first line and ignores the others.
  private static final long FIRST_ONLY =
      1L << FieldName.STATUS
          | 1L << FieldName.CONTENT_TYPE
          | 1L << FieldName.DATE
          | 1L << FieldName.LAST_MODIFIED
          | 1L << FieldName.ETAG
          | 1L << FieldName.SERVER
          | 1L << FieldName.LOCATION
          | 1L << FieldName.REFRESH
          | 1L << FieldName.EXPIRES
          | 1L << FieldName.X_ACCEL_EXPIRES
          | 1L << FieldName.X_ACCEL_REDIRECT
          | 1L << FieldName.X_ACCEL_LIMIT_RATE
          | 1L << FieldName.X_ACCEL_BUFFERING
          | 1L << FieldName.X_ACCEL_CHARSET;

  private static final long FRAMING =
      1L << FieldName.CONTENT_LENGTH | 1L << FieldName.TRANSFER_ENCODING;

  private static final String NO_HEADER = "upstream sent no valid HTTP/1.0 header";
  private static final String TOO_BIG = "upstream sent too big header";

  private final int bufferSize;

  private int line; // where the line being read begins
  private int scanned; // up to here it is known to have no end
  private boolean inFields;
  private boolean complete;
  private boolean lastIgnored;
  private int lines;
  private long seen;
  private String reason = "";
  private @Nullable String warning;

  /// A parser for heads of at most `bufferSize` bytes (`proxy_buffer_size`).
  public ResponseParser(int bufferSize) {
    this.bufferSize = bufferSize;
  }

  /// Gets ready for the next head.
  public void reset() {
    line = 0;
    scanned = 0;
    inFields = false;
    complete = false;
    lastIgnored = false;
    lines = 0;
    seen = 0;
    reason = "";
    warning = null;
  }

  /// Why the response is invalid, for the log and in nginx's words.
  public String reason() {
    return reason;
  }

  /// A note for the log about a repeated field that was ignored, the last one of the head.
  public @Nullable String warning() {
    return warning;
  }

  /// Takes bytes of `in` into the head and reads on: returns as [#parse(ResponseHead)] does. When
  /// the head is complete, `in` stands behind it and the head holds nothing more.
  public int parse(ResponseHead head, ByteBuf in) {
    while (true) {
      int n = Math.min(in.readableBytes(), 1024);
      if (n == 0) {
        return NEED_MORE;
      }
      int before = head.length();
      in.readBytes(head.reserve(n), before, n);
      head.length(before + n);
      int end = parse(head);
      if (end >= 0) {
        in.readerIndex(in.readerIndex() - (head.length() - end));
        head.length(end);
        return end;
      }
      if (end == INVALID) {
        return INVALID;
      }
    }
  }

  /// Reads on in the bytes that were appended to the head. Returns the offset behind the head,
  /// [#NEED_MORE] or [#INVALID].
  public int parse(ResponseHead head) {
    byte[] data = head.data();
    int length = head.length();
    int limit = Math.min(length, bufferSize);
    byte cut = data[limit];
    data[limit] = 0;
    int result = parse(head, data, limit);
    data[limit] = cut;
    if (result == NEED_MORE && length >= bufferSize) {
      return invalid(TOO_BIG);
    }
    return result;
  }

  private int parse(ResponseHead head, byte[] data, int limit) {
    while (true) {
      if (scanned > line && limit < bufferSize && Octets.lineFeed(data, scanned, limit) < 0) {
        scanned = limit;
        return NEED_MORE;
      }
      int next = inFields ? fieldLine(head, data, limit) : statusLine(head, data, limit);
      if (next < 0) {
        scanned = limit;
        return next;
      }
      line = next;
      scanned = next;
      if (complete) {
        return next;
      }
    }
  }

  // ---- the status line

  private int statusLine(ResponseHead head, byte[] data, int end) {
    String start = "HTTP/1.";
    int p = line;
    for (int i = 0; i < start.length(); i++, p++) {
      if (data[p] != start.charAt(i)) {
        return p == end ? NEED_MORE : invalid(NO_HEADER);
      }
    }
    int minor = digit(data[p]);
    if (minor < 0) {
      return p == end ? NEED_MORE : invalid(NO_HEADER);
    }
    if (data[++p] != ' ') {
      return p == end ? NEED_MORE : invalid(NO_HEADER);
    }
    int status = 0;
    for (int i = 0; i < 3; i++) {
      int digit = digit(data[++p]);
      if (digit < 0) {
        return p == end ? NEED_MORE : invalid(NO_HEADER);
      }
      status = status * 10 + digit;
    }
    int reasonStart = ++p;
    int reasonEnd = p;
    if (data[p] == ' ') {
      reasonStart = p + 1;
      p = Octets.valueEnd(data, reasonStart);
      reasonEnd = p;
    }
    int next = lineEnd(data, p, end);
    if (next == INVALID || (next >= 0 && status < 100)) {
      return invalid(NO_HEADER);
    }
    if (next >= 0) {
      head.version(minor == 0 ? 10 : 11);
      head.status(status);
      head.reason(reasonStart, reasonEnd);
      head.fields().reset(data);
      inFields = true;
    }
    return next;
  }

  private static int digit(byte b) {
    return b >= '0' && b <= '9' ? b - '0' : -1;
  }

  private static int lineEnd(byte[] data, int p, int end) {
    if (data[p] == '\r') {
      p++;
    }
    if (data[p] == '\n') {
      return p + 1;
    }
    return p == end ? NEED_MORE : INVALID;
  }

  // ---- the field lines

  private int fieldLine(ResponseHead head, byte[] data, int end) {
    int p = line;
    int hash = 0;
    while (true) {
      int c = Octets.NAME[data[p] & 0xff];
      if (c == 0) {
        break;
      }
      hash = hash * 31 + (c > 0 ? c : -c);
      p++;
    }
    if (data[p] != ':' || p == line) {
      return noName(head, data, p, end);
    }
    int nameLength = p - line;
    int value = p + 1;
    while (Octets.blank(data[value])) {
      value++;
    }
    p = Octets.valueEnd(data, value);
    int next = lineEnd(data, p, end);
    if (next < 0) {
      return next == NEED_MORE ? NEED_MORE : invalidLine(data, p);
    }
    while (p > value && Octets.blank(data[p - 1])) {
      p--;
    }
    if (++lines > MAX_FIELDS) {
      return invalid(TOO_BIG + ": more than " + MAX_FIELDS + " header lines");
    }
    Fields fields = head.fields();
    fields.add(line, nameLength, value, p - value, hash);
    return known(fields, fields.count() - 1) ? next : INVALID;
  }

  /// The line has no name: the empty one that ends the head, one that continues the line before
  /// (obsolete folding), or an incomplete or invalid one.
  private int noName(ResponseHead head, byte[] data, int p, int end) {
    if (p == line && Octets.blank(data[p])) {
      return foldedLine(head, data, p, end);
    }
    if (p > line || (data[p] != '\r' && data[p] != '\n')) {
      return p == end ? NEED_MORE : invalidLine(data, p);
    }
    int next = lineEnd(data, p, end);
    if (next < 0) {
      return next == NEED_MORE ? NEED_MORE : invalidLine(data, p);
    }
    complete = true;
    return finish(head) ? next : INVALID;
  }

  /// RFC 9112 section 5.2: a fold becomes a space before anybody sees the value. What is joined
  /// moves to the left in the head, over the line end, so no offset of another line changes.
  private int foldedLine(ResponseHead head, byte[] data, int p, int end) {
    int from = p;
    while (Octets.blank(data[from])) {
      from++;
    }
    int to = Octets.valueEnd(data, from);
    int next = lineEnd(data, to, end);
    if (next == NEED_MORE) {
      return NEED_MORE;
    }
    Fields fields = head.fields();
    int i = fields.count() - 1;
    if (next == INVALID || lines == 0 || ++lines > MAX_FIELDS) {
      return invalidLine(data, next == INVALID ? to : p);
    }
    if (lastIgnored) {
      return next;
    }
    int known = fields.known(i);
    if (known != 0 && (FRAMING >>> known & 1) != 0) {
      return invalidLine(data, p);
    }
    while (to > from && Octets.blank(data[to - 1])) {
      to--;
    }
    if (to > from) {
      int at = fields.valueStart(i) + fields.valueLength(i);
      if (fields.valueLength(i) > 0) {
        data[at++] = ' ';
      }
      System.arraycopy(data, from, data, at, to - from);
      fields.valueLength(i, at + to - from - fields.valueStart(i));
    }
    return next;
  }

  private boolean known(Fields fields, int i) {
    lastIgnored = false;
    int known = fields.known(i);
    if (known == 0) {
      return true;
    }
    long bit = 1L << known;
    boolean repeated = (seen & bit) != 0;
    seen |= bit;
    if (!repeated) {
      return true;
    }
    if ((FRAMING & bit) != 0) {
      reason = duplicate(fields, i);
      return false;
    }
    if ((FIRST_ONLY & bit) != 0) {
      warning = duplicate(fields, i) + ", ignored";
      fields.removeLast();
      lastIgnored = true;
    }
    return true;
  }

  // ---- the head as a whole

  private boolean finish(ResponseHead head) {
    if (head.status() == 103 && head.version() == 10) {
      reason = "upstream sent HTTP/1.0 response with early hints";
      return false;
    }
    Fields fields = head.fields();
    if (seen(FieldName.CONNECTION)) {
      int i = fields.find(FieldName.CONNECTION);
      while (i >= 0) {
        if (!head.connection().add(fields.data(), fields.valueStart(i), fields.valueLength(i))) {
          reason = "upstream sent too many connection options";
          return false;
        }
        i = fields.findAfter(i, FieldName.CONNECTION);
      }
    }
    if ((seen & FRAMING) == FRAMING) {
      reason =
          "upstream sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time";
      return false;
    }
    if (seen(FieldName.CONTENT_LENGTH)) {
      return contentLength(head, fields);
    }
    return !seen(FieldName.TRANSFER_ENCODING) || transferEncoding(head, fields);
  }

  private boolean seen(int known) {
    return (seen & 1L << known) != 0;
  }

  private boolean contentLength(ResponseHead head, Fields fields) {
    int i = fields.find(FieldName.CONTENT_LENGTH);
    int start = fields.valueStart(i);
    long length = Octets.decimal(fields.data(), start, start + fields.valueLength(i));
    if (length < 0) {
      reason = "upstream sent invalid \"Content-Length\" header: " + quoted(fields, i);
      return false;
    }
    head.contentLength(length);
    return true;
  }

  private boolean transferEncoding(ResponseHead head, Fields fields) {
    int i = fields.find(FieldName.TRANSFER_ENCODING);
    if (!fields.valueIs(i, "chunked")) {
      reason = "upstream sent unknown \"Transfer-Encoding\": \"" + value(fields, i) + "\"";
      return false;
    }
    head.chunked(true);
    return true;
  }

  // ---- refusals

  private int invalid(String reason) {
    this.reason = reason;
    return INVALID;
  }

  private int invalidLine(byte[] data, int at) {
    return invalid(
        "upstream sent invalid header: \""
            + Octets.printable(data, line, at)
            + String.format("\\x%02x...\"", data[at] & 0xff));
  }

  private static String duplicate(Fields fields, int i) {
    return "upstream sent duplicate header line: "
        + quoted(fields, i)
        + ", previous value: "
        + quoted(fields, fields.find(fields.known(i)));
  }

  private static String quoted(Fields fields, int i) {
    return "\"" + fields.name(i) + ": " + value(fields, i) + "\"";
  }

  private static String value(Fields fields, int i) {
    int start = fields.valueStart(i);
    return Octets.printable(fields.data(), start, start + fields.valueLength(i));
  }
}

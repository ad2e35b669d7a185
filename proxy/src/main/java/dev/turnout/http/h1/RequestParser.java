package dev.turnout.http.h1;

import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.HostName;
import dev.turnout.http.RequestHead;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads request heads off one client connection, strictly. Owned by that connection.
///
/// It works line by line on the bytes of the head: a line that has come whole is read once. Of a
/// line that has not, only the new bytes are searched for its end, so a head that drips in byte by
/// byte costs no more than a few looks at each byte. Limits count as nginx's header buffers do.
public final class RequestParser {
  /// The head is not complete: append more bytes and parse again.
  public static final int NEED_MORE = -1;

  /// The request is refused: see [#status()] and [#reason()]; the connection must be closed.
  public static final int REFUSED = -2;

  private static final int MAX_EMPTY_LINES = 8;
  private static final int MAX_NAME_LENGTH = 256;
  private static final int COPY_STEP = 2048;

  private static final int WORD_GET = 'G' | 'E' << 8 | 'T' << 16 | ' ' << 24;
  private static final int WORD_POST = 'P' | 'O' << 8 | 'S' << 16 | 'T' << 24;
  private static final long HTTP_1_0 = version('0');
  private static final long HTTP_1_1 = version('1');

  /// Fields that must not repeat: nginx's list, and Transfer-Encoding apart.
  private static final long UNIQUE =
      1L << FieldName.CONTENT_LENGTH
          | 1L << FieldName.IF_MODIFIED_SINCE
          | 1L << FieldName.IF_UNMODIFIED_SINCE
          | 1L << FieldName.IF_MATCH
          | 1L << FieldName.IF_NONE_MATCH
          | 1L << FieldName.CONTENT_RANGE
          | 1L << FieldName.IF_RANGE
          | 1L << FieldName.EXPECT
          | 1L << FieldName.AUTHORIZATION;

  private static final String INVALID_REQUEST = "client sent invalid request";

  private final HeadLimits limits;

  private int line; // where the line being read begins
  private int scanned; // up to here it is known to have no end
  private boolean inFields;
  private boolean complete;
  private int emptyLines;
  private int room; // left in the buffer that nginx would be filling
  private int largeBuffersUsed;
  private long seen; // known names, as bits
  private int status;
  private String reason = "";
  private @Nullable String ignored;

  public RequestParser(HeadLimits limits) {
    this.limits = limits;
    reset();
  }

  private static long version(char minor) {
    long word = 0;
    String text = "HTTP/1." + minor;
    for (int i = 7; i >= 0; i--) {
      word = word << 8 | text.charAt(i);
    }
    return word;
  }

  /// Gets ready for the next head.
  public void reset() {
    line = 0;
    scanned = 0;
    inFields = false;
    complete = false;
    emptyLines = 0;
    room = limits.clientHeaderBufferSize();
    largeBuffersUsed = 0;
    seen = 0;
    status = 0;
    reason = "";
    ignored = null;
  }

  /// The status to answer a refused request with.
  public int status() {
    return status;
  }

  /// Why the request was refused, for the log and in nginx's words.
  public String reason() {
    return reason;
  }

  /// A note for the log about a field that was dropped for its name, the last one of the head.
  public @Nullable String ignored() {
    return ignored;
  }

  /// True once something other than empty lines has come: the connection is no longer idle.
  public boolean started(RequestHead head) {
    return inFields || head.length() > line;
  }

  /// Takes bytes of `in` into the head and reads on: returns as [#parse(RequestHead)] does. When
  /// the head is complete, `in` stands behind it and the head holds nothing more.
  public int parse(RequestHead head, ByteBuf in) {
    while (true) {
      // in steps, so that the body behind a short head is not copied along with it
      int n = Math.min(in.readableBytes(), COPY_STEP);
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
      if (end == REFUSED) {
        return REFUSED;
      }
    }
  }

  /// Reads on in the bytes that were appended to the head. Returns the offset behind the head,
  /// [#NEED_MORE] or [#REFUSED].
  public int parse(RequestHead head) {
    byte[] data = head.data();
    int limit = head.length();
    data[limit] = 0;
    while (true) {
      int most = longestLine();
      if (scanned > line && limit - line < most && Octets.lineFeed(data, scanned, limit) < 0) {
        scanned = limit;
        return NEED_MORE;
      }
      int next = readLine(head, data, limit, most);
      if (next < 0) {
        scanned = limit;
        if (next == REFUSED) {
          giveUp(head);
        }
        return next;
      }
      line = next;
      scanned = next;
      if (complete) {
        return next;
      }
    }
  }

  /// The head is read no further: of a request line that is not whole, what there is of it is told
  /// in the logs.
  void giveUp(RequestHead head) {
    if (inFields) {
      return;
    }
    byte[] data = head.data();
    int end = line;
    while (end < head.length() && data[end] != '\r' && data[end] != '\n') {
      end++;
    }
    head.requestLine(line, end);
  }

  /// The most bytes that the next line may have, its end included: it must fit into what is left of
  /// the present buffer, or into a new one.
  private int longestLine() {
    return largeBuffersUsed < limits.largeBuffers()
        ? Math.max(room, limits.largeBufferSize())
        : room;
  }

  private int readLine(RequestHead head, byte[] data, int limit, int most) {
    int next;
    if (limit - line > most) {
      int end = line + most;
      byte cut = data[end];
      data[end] = 0;
      next = line(head, data, end);
      data[end] = cut;
    } else {
      next = line(head, data, limit);
    }
    if (next == NEED_MORE) {
      return limit - line >= most ? tooLong(data, limit) : NEED_MORE;
    }
    if (next >= 0 && inFields) {
      account(next - line);
    }
    return next;
  }

  private void account(int length) {
    if (length > room) {
      largeBuffersUsed++;
      room = limits.largeBufferSize();
    }
    room -= length;
  }

  private int tooLong(byte[] data, int limit) {
    if (!inFields) {
      return refuse(414, "client sent too long URI");
    }
    if (room < limits.largeBufferSize() && largeBuffersUsed >= limits.largeBuffers()) {
      return refuse(431, "client sent too large request");
    }
    String start = Octets.printable(data, line, Math.min(line + 64, limit));
    return refuse(431, "client sent too long header line: \"" + start + "...\"");
  }

  private int line(RequestHead head, byte[] data, int end) {
    return inFields ? fieldLine(head, data, end) : requestLine(head, data, end);
  }

  // ---- the request line

  private int requestLine(RequestHead head, byte[] data, int end) {
    int p = line;
    if (data[p] == '\r' || data[p] == '\n') {
      return emptyLine(data, end);
    }
    String method;
    if (Octets.intAt(data, p) == WORD_GET) {
      method = "GET";
      p += 4;
    } else {
      while (Octets.METHOD[data[p] & 0xff]) {
        p++;
      }
      if (data[p] != ' ' || p == line) {
        return p == end ? NEED_MORE : refuse(400, "client sent invalid method");
      }
      method = method(data, line, p);
      p++;
    }
    int targetEnd = target(head, method, data, p, end);
    if (targetEnd < 0) {
      return targetEnd;
    }
    p = version(head, data, targetEnd + 1, end);
    if (p < 0) {
      return p;
    }
    int next = lineEnd(data, p, end);
    if (next == REFUSED) {
      return refuse(400, INVALID_REQUEST);
    }
    if (next >= 0) {
      head.method(method);
      head.requestLine(line, p);
      head.fields().reset(data);
      inFields = true;
    }
    return next;
  }

  /// RFC 9112 section 2.2: empty lines before a request line are ignored, a few of them.
  private int emptyLine(byte[] data, int end) {
    int next = lineEnd(data, line, end);
    if (next == REFUSED || (next >= 0 && ++emptyLines > MAX_EMPTY_LINES)) {
      return refuse(400, "client sent invalid method");
    }
    return next;
  }

  private static String method(byte[] data, int start, int end) {
    int length = end - start;
    if (length == 4 && Octets.intAt(data, start) == WORD_POST) {
      return "POST";
    }
    for (String usual : USUAL_METHODS) {
      if (usual.length() == length && is(data, start, usual)) {
        return usual;
      }
    }
    return new String(data, start, length, StandardCharsets.ISO_8859_1);
  }

  private static final String[] USUAL_METHODS = {
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "CONNECT",
    "TRACE",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK"
  };

  private static boolean is(byte[] data, int start, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (data[start + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /// Reads the target and returns where the space behind it is.
  private int target(RequestHead head, String method, byte[] data, int p, int end) {
    head.authority(0, 0);
    if (method.equals("CONNECT")) {
      return authorityForm(head, data, p, end);
    }
    if (data[p] == '/') {
      return pathAndQuery(head, data, p, end);
    }
    if (data[p] == '*') {
      if (!method.equals("OPTIONS")) {
        return refuse(400, INVALID_REQUEST);
      }
      head.target(p, p + 1, p + 1, true);
      return space(data, p + 1, end);
    }
    return absoluteForm(head, data, p, end);
  }

  private int pathAndQuery(RequestHead head, byte[] data, int start, int end) {
    boolean plain = true;
    int p = start;
    byte kind;
    while (true) {
      kind = Octets.TARGET[data[p] & 0xff];
      if (kind == Octets.TARGET_PLAIN) {
        p++;
      } else if (kind == Octets.TARGET_SLASH) {
        p++;
        plain &= data[p] != '/' && data[p] != '.';
      } else if (kind == Octets.TARGET_PERCENT) {
        p++;
        plain = false;
      } else {
        break;
      }
    }
    int pathEnd = p;
    if (kind == Octets.TARGET_QUERY) {
      while (Octets.TARGET[data[p] & 0xff] != Octets.TARGET_END) {
        p++;
      }
    }
    head.target(start, pathEnd, p, plain && pathEnd > start);
    return space(data, p, end);
  }

  private int space(byte[] data, int p, int end) {
    if (data[p] == ' ') {
      return p;
    }
    return p == end ? NEED_MORE : refuse(400, INVALID_REQUEST);
  }

  private int absoluteForm(RequestHead head, byte[] data, int p, int end) {
    String scheme = "http";
    int at = 0;
    while (at < 4) {
      if ((data[p] | 0x20) != scheme.charAt(at)) {
        return p == end ? NEED_MORE : refuse(400, INVALID_REQUEST);
      }
      p++;
      at++;
    }
    if ((data[p] | 0x20) == 's') {
      p++;
    }
    for (char c : COLON_SLASHES) {
      if (data[p] != c) {
        return p == end ? NEED_MORE : refuse(400, INVALID_REQUEST);
      }
      p++;
    }
    int authority = p;
    int authorityEnd = authorityEnd(data, p);
    byte after = data[authorityEnd];
    if (after != '/' && after != '?' && after != ' ') {
      return authorityEnd == end ? NEED_MORE : refuse(400, INVALID_REQUEST);
    }
    long parsed = HostName.parse(data, authority, authorityEnd);
    if (parsed == HostName.INVALID) {
      return refuse(400, "client sent invalid host in request line");
    }
    head.authority(authority, authorityEnd);
    head.host(authority, parsed);
    if (after == ' ') {
      // no path: the first slash of the scheme stands for it
      head.target(authority - 2, authority - 1, authority - 1, true);
      return authorityEnd;
    }
    return pathAndQuery(head, data, authorityEnd, end);
  }

  private static final char[] COLON_SLASHES = {':', '/', '/'};

  private static int authorityEnd(byte[] data, int p) {
    while (Octets.TARGET[data[p] & 0xff] == Octets.TARGET_PLAIN) {
      p++;
    }
    return p;
  }

  private int authorityForm(RequestHead head, byte[] data, int p, int end) {
    int authorityEnd = authorityEnd(data, p);
    if (data[authorityEnd] != ' ') {
      return authorityEnd == end ? NEED_MORE : refuse(400, INVALID_REQUEST);
    }
    long parsed = HostName.parse(data, p, authorityEnd);
    if (parsed == HostName.INVALID || HostName.port(parsed) == 0) {
      return refuse(400, INVALID_REQUEST);
    }
    head.authority(p, authorityEnd);
    head.host(p, parsed);
    head.target(p, authorityEnd, authorityEnd, false);
    return authorityEnd;
  }

  /// Reads `HTTP/1.x` and returns the offset behind it.
  private int version(RequestHead head, byte[] data, int p, int end) {
    if (end - p >= 8) {
      long word = Octets.longAt(data, p);
      if (word == HTTP_1_1) {
        head.version(11);
        return p + 8;
      }
      if (word == HTTP_1_0) {
        head.version(10);
        return p + 8;
      }
    }
    return unusualVersion(head, data, p, end);
  }

  private int unusualVersion(RequestHead head, byte[] data, int p, int end) {
    String name = "HTTP/";
    for (int i = 0; i < name.length(); i++, p++) {
      if (data[p] != name.charAt(i)) {
        return p == end ? NEED_MORE : refuse(400, INVALID_REQUEST);
      }
    }
    if (data[p] >= '2' && data[p] <= '9') {
      return refuse(505, "client sent invalid version");
    }
    if (data[p] != '1') {
      return p == end ? NEED_MORE : refuse(400, INVALID_REQUEST);
    }
    if (data[++p] != '.') {
      return p == end ? NEED_MORE : refuse(400, INVALID_REQUEST);
    }
    p++;
    if (data[p] < '0' || data[p] > '9') {
      return p == end ? NEED_MORE : refuse(400, INVALID_REQUEST);
    }
    head.version(data[p] == '0' ? 10 : 11);
    return p + 1;
  }

  /// The offset behind CRLF or LF at `p`.
  private static int lineEnd(byte[] data, int p, int end) {
    if (data[p] == '\r') {
      p++;
    }
    if (data[p] == '\n') {
      return p + 1;
    }
    return p == end ? NEED_MORE : REFUSED;
  }

  // ---- the field lines

  private int fieldLine(RequestHead head, byte[] data, int end) {
    int p = line;
    int hash = 0;
    boolean unusual = false;
    while (true) {
      int c = Octets.NAME[data[p] & 0xff];
      if (c > 0) {
        hash = hash * 31 + c;
      } else if (c < 0) {
        hash = hash * 31 - c;
        unusual |= c != -'_' || !limits.underscoresInHeaders();
      } else {
        break;
      }
      p++;
    }
    if (data[p] != ':' || p == line) {
      return noName(head, data, p, end);
    }
    int nameLength = p - line;
    p++;
    while (Octets.blank(data[p])) {
      p++;
    }
    int value = p;
    p = Octets.valueEnd(data, p);
    int next = lineEnd(data, p, end);
    if (next < 0) {
      return next == NEED_MORE ? NEED_MORE : invalidLine(data, p);
    }
    while (p > value && Octets.blank(data[p - 1])) {
      p--;
    }
    if (nameLength > MAX_NAME_LENGTH) {
      return invalidLine(data, line + MAX_NAME_LENGTH);
    }
    if (unusual && limits.ignoreInvalidHeaders()) {
      ignored = "client sent invalid header line: \"" + Octets.printable(data, line, p) + "\"";
      return next;
    }
    return field(head, line, nameLength, value, p - value, hash) ? next : REFUSED;
  }

  /// The line has no name: it is the empty one that ends the head, or incomplete, or invalid.
  private int noName(RequestHead head, byte[] data, int p, int end) {
    if (p > line || (data[p] != '\r' && data[p] != '\n')) {
      return p == end ? NEED_MORE : invalidLine(data, p);
    }
    int next = lineEnd(data, p, end);
    if (next < 0) {
      return next == NEED_MORE ? NEED_MORE : invalidLine(data, p);
    }
    complete = true;
    return finish(head) ? next : REFUSED;
  }

  private boolean field(
      RequestHead head, int name, int nameLength, int value, int valueLength, int hash) {
    Fields fields = head.fields();
    int i = fields.count();
    if (i >= limits.maxHeaders()) {
      refuse(431, "client sent too many header lines");
      return false;
    }
    fields.add(name, nameLength, value, valueLength, hash);
    int known = fields.known(i);
    return known == 0 || knownField(head, fields, i, known);
  }

  private boolean knownField(RequestHead head, Fields fields, int i, int known) {
    long bit = 1L << known;
    boolean repeated = (seen & bit) != 0;
    seen |= bit;
    if (repeated && (UNIQUE & bit) != 0) {
      refuse(
          400,
          "client sent duplicate header line: " + quoted(fields, i) + ", " + before(fields, known));
      return false;
    }
    return switch (known) {
      case FieldName.HOST -> host(head, fields, i, repeated);
      case FieldName.CONTENT_LENGTH -> contentLength(head, fields, i);
      case FieldName.CONNECTION -> connection(head, fields, i);
      default -> true;
    };
  }

  private boolean host(RequestHead head, Fields fields, int i, boolean repeated) {
    if (repeated) {
      refuse(
          400,
          "client sent duplicate host header: "
              + quoted(fields, i)
              + ", "
              + before(fields, FieldName.HOST));
      return false;
    }
    int start = fields.valueStart(i);
    long parsed = HostName.parse(fields.data(), start, start + fields.valueLength(i));
    if (parsed == HostName.INVALID) {
      refuse(400, "client sent invalid host header");
      return false;
    }
    // RFC 9112 section 3.2.2: the authority of the target wins
    if (!head.hasAuthority()) {
      head.host(start, parsed);
    }
    return true;
  }

  private boolean contentLength(RequestHead head, Fields fields, int i) {
    int start = fields.valueStart(i);
    long length = Octets.decimal(fields.data(), start, start + fields.valueLength(i));
    if (length < 0) {
      refuse(400, "client sent invalid \"Content-Length\" header");
      return false;
    }
    head.contentLength(length);
    return true;
  }

  private boolean connection(RequestHead head, Fields fields, int i) {
    if (head.connection().add(fields.data(), fields.valueStart(i), fields.valueLength(i))) {
      return true;
    }
    refuse(400, "client sent too many connection options");
    return false;
  }

  // ---- the head as a whole

  private boolean finish(RequestHead head) {
    if (!seen(FieldName.HOST) && head.version() > 10) {
      refuse(400, "client sent HTTP/1.1 request without \"Host\" header");
      return false;
    }
    if (seen(FieldName.TRANSFER_ENCODING) && !transferEncoding(head)) {
      return false;
    }
    if (head.methodIs("CONNECT")) {
      refuse(405, "client sent CONNECT method");
      return false;
    }
    if (head.methodIs("TRACE")) {
      refuse(405, "client sent TRACE method");
      return false;
    }
    return !seen(FieldName.EXPECT) || expect(head);
  }

  private boolean seen(int known) {
    return (seen & 1L << known) != 0;
  }

  private boolean transferEncoding(RequestHead head) {
    if (head.version() < 11) {
      refuse(400, "client sent HTTP/1.0 request with \"Transfer-Encoding\" header");
      return false;
    }
    if (seen(FieldName.CONTENT_LENGTH)) {
      refuse(
          400, "client sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time");
      return false;
    }
    Fields fields = head.fields();
    int i = fields.find(FieldName.TRANSFER_ENCODING);
    boolean single = fields.findAfter(i, FieldName.TRANSFER_ENCODING) < 0;
    if (single && fields.valueIs(i, "chunked")) {
      head.chunked(true);
      return true;
    }
    TransferCodings codings = new TransferCodings(fields);
    String what = "\"Transfer-Encoding\": \"" + quotedValue(fields, i) + "\"";
    if (codings.notImplemented(single)) {
      refuse(501, "client sent unknown " + what);
    } else {
      refuse(400, "client sent invalid " + what);
    }
    return false;
  }

  private boolean expect(RequestHead head) {
    Fields fields = head.fields();
    if (!fields.valueIs(fields.find(FieldName.EXPECT), "100-continue")) {
      refuse(417, "client sent unknown \"Expect\" header");
      return false;
    }
    // RFC 9110 section 10.1.1: an HTTP/1.0 client cannot mean it
    head.expectsContinue(head.version() >= 11);
    return true;
  }

  // ---- refusals

  private int refuse(int status, String reason) {
    this.status = status;
    this.reason = reason;
    return REFUSED;
  }

  private int invalidLine(byte[] data, int at) {
    return refuse(
        400,
        "client sent invalid header line: \""
            + Octets.printable(data, line, at)
            + String.format("\\x%02x...\"", data[at] & 0xff));
  }

  private static String before(Fields fields, int known) {
    return "previous value: " + quoted(fields, fields.find(known));
  }

  private static String quoted(Fields fields, int i) {
    return "\"" + fields.name(i) + ": " + quotedValue(fields, i) + "\"";
  }

  private static String quotedValue(Fields fields, int i) {
    int start = fields.valueStart(i);
    return Octets.printable(fields.data(), start, start + fields.valueLength(i));
  }
}

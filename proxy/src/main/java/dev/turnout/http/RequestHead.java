package dev.turnout.http;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The head of one request: its raw bytes, and where in them everything is.
///
/// A wire codec fills it and the exchange reads it; it is owned by one exchange at a time, reused
/// for the next, and never shared between threads. Strings are made when they are asked for.
public final class RequestHead {
  /// What [#contentLength()] says when there is none.
  public static final long NO_LENGTH = -1;

  private final HeadBytes bytes = new HeadBytes();
  private final Fields fields = new Fields();
  private final ConnectionOptions connection = new ConnectionOptions();

  private String method = "";
  private int lineStart;
  private int lineEnd;
  private int targetStart;
  private int pathEnd;
  private int targetEnd;
  private boolean plainPath;
  private int authorityStart;
  private int authorityEnd;
  private int version;
  private int hostStart;
  private int hostLength;
  private int hostPort;
  private long contentLength;
  private boolean chunked;
  private boolean expectsContinue;
  private boolean sentAhead;
  private @Nullable String rawTarget;
  private String lastTarget = "";
  private String host = "";
  private boolean hostMade;
  private int received;

  public RequestHead() {
    reset();
  }

  /// True if the client sent it before the request ahead of it was answered.
  public boolean isSentAhead() {
    return sentAhead;
  }

  /// Notes that it was sent ahead.
  public void sentAhead() {
    sentAhead = true;
  }

  /// Forgets everything; the storage is kept for the next head.
  public void reset() {
    bytes.reset();
    fields.reset(bytes.data());
    connection.reset();
    method = "";
    lineStart = 0;
    lineEnd = 0;
    targetStart = 0;
    pathEnd = 0;
    targetEnd = 0;
    plainPath = false;
    authorityStart = 0;
    authorityEnd = 0;
    version = 0;
    hostStart = 0;
    hostLength = 0;
    hostPort = 0;
    contentLength = NO_LENGTH;
    chunked = false;
    expectsContinue = false;
    sentAhead = false;
    rawTarget = null;
    hostMade = false;
    received = 0;
  }

  /// Makes this a copy of `other`, to be changed on its own.
  void copyOf(RequestHead other) {
    reset();
    bytes.reserve(other.length());
    System.arraycopy(other.data(), 0, bytes.data(), 0, other.length());
    bytes.length(other.length());
    fields.copyOf(other.fields, bytes.data());
    connection.copyOf(other.connection);
    method = other.method;
    lineStart = other.lineStart;
    lineEnd = other.lineEnd;
    targetStart = other.targetStart;
    pathEnd = other.pathEnd;
    targetEnd = other.targetEnd;
    plainPath = other.plainPath;
    authorityStart = other.authorityStart;
    authorityEnd = other.authorityEnd;
    version = other.version;
    hostStart = other.hostStart;
    hostLength = other.hostLength;
    hostPort = other.hostPort;
    contentLength = other.contentLength;
    chunked = other.chunked;
    expectsContinue = other.expectsContinue;
    received = other.received;
  }

  // ---- the bytes

  /// The array that all offsets of this head point into; another one after [#reserve].
  public byte[] data() {
    return bytes.data();
  }

  /// How many bytes there are; the array has at least eight more.
  public int length() {
    return bytes.length();
  }

  /// How many bytes the client sent: those behind them were appended by changes.
  public int receivedLength() {
    return received == 0 ? bytes.length() : received;
  }

  /// The head as the client sent it, from the request line to the empty line.
  public String received() {
    return text(lineStart, receivedLength());
  }

  /// Makes room for `n` more bytes behind [#length()] and returns the array to put them into.
  public byte[] reserve(int n) {
    if (bytes.reserve(n)) {
      fields.rebase(bytes.data());
    }
    return bytes.data();
  }

  /// Says how many bytes there are now, after more were put into the array or some were cut off.
  public void length(int length) {
    bytes.length(length);
  }

  /// Appends `length` bytes of `source`.
  public void append(byte[] source, int start, int length) {
    System.arraycopy(source, start, reserve(length), bytes.length(), length);
    bytes.length(bytes.length() + length);
  }

  // ---- the request line

  /// The method; of the usual ones always the same instance.
  public String method() {
    return method;
  }

  /// True if this is the method.
  @SuppressWarnings("ReferenceEquality") // the usual methods are interned: the first test decides
  public boolean methodIs(String method) {
    return this.method == method || this.method.equals(method);
  }

  /// Says what the method is.
  public void method(String method) {
    this.method = method;
  }

  /// Where the request line begins in [#data()].
  public int lineStart() {
    return lineStart;
  }

  /// Where the request line ends, its line end not counted.
  public int lineEnd() {
    return lineEnd;
  }

  /// The request line as it was sent.
  public String requestLine() {
    return text(lineStart, lineEnd);
  }

  /// Says where the request line is.
  public void requestLine(int start, int end) {
    lineStart = start;
    lineEnd = end;
  }

  /// Where the raw target begins; of an absolute-form target only the part behind the authority
  /// counts.
  public int targetStart() {
    return targetStart;
  }

  /// Where the path of the raw target ends: at a `?` or at its end.
  public int pathEnd() {
    return pathEnd;
  }

  /// Where the raw target ends.
  public int targetEnd() {
    return targetEnd;
  }

  /// True if the path holds nothing to decode and no empty or dot segment: it is its own normal
  /// form.
  public boolean plainPath() {
    return plainPath;
  }

  /// True if the target was absolute and had no path at all, only a query.
  public boolean emptyPath() {
    return pathEnd == targetStart;
  }

  /// The target as it was sent: path and query, undecoded.
  public String rawTarget() {
    String target = rawTarget;
    if (target == null) {
      // the same target is often asked for again: then the old String will do
      target =
          isText(lastTarget, targetStart, targetEnd) ? lastTarget : text(targetStart, targetEnd);
      rawTarget = target;
      lastTarget = target;
    }
    return target;
  }

  /// Says where the target is, and if its path needs no normalisation.
  public void target(int start, int pathEnd, int end, boolean plain) {
    targetStart = start;
    this.pathEnd = pathEnd;
    targetEnd = end;
    plainPath = plain;
  }

  /// The authority of an absolute-form target or of CONNECT, as sent.
  public @Nullable String authority() {
    return authorityEnd == authorityStart ? null : text(authorityStart, authorityEnd);
  }

  /// True if the target itself names the authority, which then wins over Host.
  public boolean hasAuthority() {
    return authorityEnd != authorityStart;
  }

  /// Says where the authority of the target is.
  public void authority(int start, int end) {
    authorityStart = start;
    authorityEnd = end;
  }

  /// 10 or 11; what HTTP/1 calls later minor versions counts as 11. 20 for HTTP/2.
  public int version() {
    return version;
  }

  /// Says what the version is.
  public void version(int version) {
    this.version = version;
  }

  // ---- the host

  /// The host the request is for: lower case, without port and trailing dot. Null if none was sent.
  public @Nullable String host() {
    if (hostLength == 0) {
      return null;
    }
    if (!hostMade) {
      hostMade = true;
      // a connection mostly asks for the same host again: then the old String will do
      if (!isCanonical(host)) {
        host = text(hostStart, hostStart + hostLength).toLowerCase(Locale.ROOT);
      }
    }
    return host;
  }

  private boolean isCanonical(String name) {
    if (name.length() != hostLength) {
      return false;
    }
    byte[] data = bytes.data();
    for (int i = 0; i < hostLength; i++) {
      if (FieldName.lower(data[hostStart + i]) != name.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /// The port that was sent with the host, or 0.
  public int hostPort() {
    return hostPort;
  }

  /// Says where the host is; `parsed` is what {@link HostName#parse} said about it.
  public void host(int start, long parsed) {
    hostStart = start;
    hostLength = HostName.hostLength(parsed);
    hostPort = HostName.port(parsed);
    hostMade = false;
  }

  // ---- changes, as a configuration or a script asks for them

  /// Replaces all lines of this name, in any case, by one at the place of the first, or adds it.
  ///
  /// The framing of the message stays what it is on the wire, and so do the options of the
  /// connection. What would break the line is encoded.
  public void setField(String name, String value) {
    FieldName field = FieldName.of(name);
    int first = fields.find(field);
    if (first < 0) {
      addField(name, value);
      return;
    }
    for (int i = fields.count() - 1; i > first; i--) {
      if (fields.nameIs(i, field)) {
        fields.remove(i);
      }
    }
    String text = FieldText.safe(value);
    int at = appendText(text);
    fields.value(first, at, text.length());
    changed(field);
  }

  /// Adds a line after those there are.
  public void addField(String name, String value) {
    FieldName field = FieldName.of(name);
    int nameAt = appendText(name);
    String text = FieldText.safe(value);
    int valueAt = appendText(text);
    fields.add(nameAt, name.length(), valueAt, text.length(), field.hash());
    changed(field);
  }

  /// Takes out all lines of this name, in any case.
  public void removeField(String name) {
    FieldName field = FieldName.of(name);
    for (int i = fields.count() - 1; i >= 0; i--) {
      if (fields.nameIs(i, field)) {
        fields.remove(i);
      }
    }
    changed(field);
  }

  private int appendText(String text) {
    if (received == 0) {
      received = bytes.length();
    }
    int at = bytes.length();
    append(text.getBytes(StandardCharsets.ISO_8859_1), 0, text.length());
    return at;
  }

  private void changed(FieldName field) {
    if (field.known() != FieldName.HOST) {
      return;
    }
    int i = fields.find(FieldName.HOST);
    long parsed = HostName.INVALID;
    if (i >= 0) {
      int start = fields.valueStart(i);
      parsed = HostName.parse(bytes.data(), start, start + fields.valueLength(i));
    }
    if (parsed == HostName.INVALID) {
      host(0, 0); // there is none: `$host` is the name of the server
    } else {
      host(fields.valueStart(i), parsed);
    }
  }

  // ---- the fields and what they mean for the message

  /// The field lines, those with an ignored name left out.
  public Fields fields() {
    return fields;
  }

  /// The length of the body, or [#NO_LENGTH].
  public long contentLength() {
    return contentLength;
  }

  /// Says how long the body is.
  public void contentLength(long length) {
    contentLength = length;
  }

  /// True if the body comes in chunks.
  public boolean chunked() {
    return chunked;
  }

  /// Says that the body comes in chunks.
  public void chunked(boolean chunked) {
    this.chunked = chunked;
  }

  /// True if the client waits for a 100 before it sends the body.
  public boolean expectsContinue() {
    return expectsContinue;
  }

  /// Says that the client waits for a 100.
  public void expectsContinue(boolean expects) {
    expectsContinue = expects;
  }

  /// The options of the Connection field.
  public ConnectionOptions connection() {
    return connection;
  }

  /// The client will close, or wants us to.
  public boolean hasConnectionClose() {
    return connection.close();
  }

  /// The client asks to keep the connection, as HTTP/1.0 clients must.
  public boolean hasConnectionKeepAlive() {
    return connection.keepAlive();
  }

  /// True if field line `i` ends at this hop because the Connection field says so.
  public boolean isNominatedByConnection(int i) {
    return connection.nominates(fields, i);
  }

  /// True if the client offers another protocol on this connection.
  public boolean hasUpgrade() {
    return connection.upgrade() && fields.find(FieldName.UPGRADE) >= 0;
  }

  private boolean isText(String text, int start, int end) {
    if (text.length() != end - start) {
      return false;
    }
    byte[] data = bytes.data();
    for (int i = 0; i < text.length(); i++) {
      if ((data[start + i] & 0xff) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private String text(int start, int end) {
    return new String(bytes.data(), start, end - start, StandardCharsets.ISO_8859_1);
  }
}

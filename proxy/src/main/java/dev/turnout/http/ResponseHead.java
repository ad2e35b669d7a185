package dev.turnout.http;

import java.nio.charset.StandardCharsets;

/// The head of one response of an upstream: its raw bytes, and where in them everything is.
///
/// A wire codec fills it and the exchange reads it; it is owned by one attempt at a time, reused
/// for the next, and never shared between threads.
public final class ResponseHead {
  /// What [#contentLength()] says when there is none.
  public static final long NO_LENGTH = -1;

  /// How the end of a body is found (RFC 9112 section 6.3).
  public enum Framing {
    /// There is no body, whatever the fields say.
    NONE,
    /// The body has as many bytes as Content-Length says.
    LENGTH,
    /// The body comes in chunks.
    CHUNKED,
    /// The body ends with the connection.
    UNTIL_CLOSE
  }

  private final HeadBytes bytes = new HeadBytes();
  private final Fields fields = new Fields();
  private final ConnectionOptions connection = new ConnectionOptions();

  private int status;
  private int version;
  private int reasonStart;
  private int reasonEnd;
  private long contentLength;
  private boolean chunked;

  public ResponseHead() {
    reset();
  }

  /// Forgets everything; the storage is kept for the next head.
  public void reset() {
    bytes.reset();
    fields.reset(bytes.data());
    connection.reset();
    status = 0;
    version = 0;
    reasonStart = 0;
    reasonEnd = 0;
    contentLength = NO_LENGTH;
    chunked = false;
  }

  /// The array that all offsets of this head point into; another one after [#reserve].
  public byte[] data() {
    return bytes.data();
  }

  /// How many bytes there are; the array has at least eight more.
  public int length() {
    return bytes.length();
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

  /// The status code, 100 to 999.
  public int status() {
    return status;
  }

  /// Says what the status code is.
  public void status(int status) {
    this.status = status;
  }

  /// 10 or 11; what HTTP/1 calls later minor versions counts as 11. 20 for HTTP/2.
  public int version() {
    return version;
  }

  /// Says what the version is.
  public void version(int version) {
    this.version = version;
  }

  /// Where the reason phrase begins in [#data()].
  public int reasonStart() {
    return reasonStart;
  }

  /// Where the reason phrase ends; at its start if there is none.
  public int reasonEnd() {
    return reasonEnd;
  }

  /// The reason phrase, maybe empty.
  public String reason() {
    return new String(
        bytes.data(), reasonStart, reasonEnd - reasonStart, StandardCharsets.ISO_8859_1);
  }

  /// Says where the reason phrase is.
  public void reason(int start, int end) {
    reasonStart = start;
    reasonEnd = end;
  }

  /// The field lines, folded ones joined, repeated ones of the fields that may not repeat left out.
  public Fields fields() {
    return fields;
  }

  /// What Content-Length says, or [#NO_LENGTH].
  public long contentLength() {
    return contentLength;
  }

  /// Says what Content-Length says.
  public void contentLength(long length) {
    contentLength = length;
  }

  /// True if Transfer-Encoding says `chunked`.
  public boolean chunked() {
    return chunked;
  }

  /// Says that Transfer-Encoding says `chunked`.
  public void chunked(boolean chunked) {
    this.chunked = chunked;
  }

  /// The options of the Connection field.
  public ConnectionOptions connection() {
    return connection;
  }

  /// True if the upstream may be sent another request on this connection, once this body has ended
  /// where [#framing] says.
  public boolean keepAlive() {
    return version >= 11 && !connection.close() && status != 101;
  }

  /// True if field line `i` ends at this hop because the Connection field says so.
  public boolean isNominatedByConnection(int i) {
    return connection.nominates(fields, i);
  }

  /// True if the upstream names a protocol that it switches to.
  public boolean hasUpgrade() {
    return connection.upgrade() && fields.find(FieldName.UPGRADE) >= 0;
  }

  /// True for 1xx: another head follows, except after 101.
  public boolean interim() {
    return status < 200;
  }

  /// How the body of this answer to a request with `method` is framed.
  public Framing framing(String method) {
    if (status < 200 || status == 204 || status == 304 || method.equals("HEAD")) {
      return Framing.NONE;
    }
    if (chunked) {
      return Framing.CHUNKED;
    }
    return contentLength == NO_LENGTH ? Framing.UNTIL_CLOSE : Framing.LENGTH;
  }
}

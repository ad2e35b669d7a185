package dev.turnout.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Reads HTTP/1.1 messages off a socket and keeps their bytes. Strict, because what it reads was
/// written by the program under test: a lone LF, a folded line or a doubtful length is an error.
/// Used by one thread; only what it kept of everything may be asked for by others.
final class WireReader {
  private static final int LONGEST_LINE = 1 << 20;

  private final InputStream in;
  private final ByteArrayOutputStream message = new ByteArrayOutputStream();
  private @Nullable ByteArrayOutputStream everything = new ByteArrayOutputStream();

  WireReader(InputStream in) {
    this.in = new BufferedInputStream(in, 16 * 1024);
  }

  /// From now on only the current message is kept.
  void forget() {
    everything = null;
  }

  /// All bytes that came so far.
  synchronized String everything() {
    return everything == null ? "" : everything.toString(ISO_8859_1);
  }

  /// The bytes of the message that was begun last.
  String message() {
    return message.toString(ISO_8859_1);
  }

  /// The next head, or null if the connection ended where a message would begin.
  @Nullable Head readHead() throws IOException {
    message.reset();
    OptionalInt first = read();
    if (first.isEmpty()) {
      return null;
    }
    String startLine = (char) first.getAsInt() + readLine();
    return new Head(startLine, readFields());
  }

  Body readRequestBody(Fields fields) throws IOException {
    return readBody(fields, Body.NONE);
  }

  /// The body of a response to `method`.
  Body readResponseBody(String method, int status, Fields fields) throws IOException {
    if (method.equals("HEAD") || status < 200 || status == 204 || status == 304) {
      return Body.NONE;
    }
    return readBody(fields, null);
  }

  /// `bare` is the body of a message that does not announce one; null if that ends with the
  /// connection.
  private Body readBody(Fields fields, @Nullable Body bare) throws IOException {
    List<String> codings = fields.all("Transfer-Encoding");
    List<String> lengths = fields.all("Content-Length");
    if (codings.size() + lengths.size() > 1) {
      throw malformed("more than one length");
    }
    if (!codings.isEmpty()) {
      if (!codings.getFirst().equalsIgnoreCase("chunked")) {
        throw malformed("a transfer coding other than chunked");
      }
      return readChunked();
    }
    if (!lengths.isEmpty()) {
      return new Body(Framing.LENGTH, readExactly(decimal(lengths.getFirst())), Fields.NONE);
    }
    return bare == null ? new Body(Framing.CLOSE, readToEnd(), Fields.NONE) : bare;
  }

  private Body readChunked() throws IOException {
    StringBuilder text = new StringBuilder();
    while (true) {
      String line = readLine();
      int size = hexadecimal(line);
      if (size == 0) {
        return new Body(Framing.CHUNKED, text.toString(), readFields());
      }
      text.append(readExactly(size));
      if (!readLine().isEmpty()) {
        throw malformed("a chunk is longer than its size");
      }
    }
  }

  private Fields readFields() throws IOException {
    List<Field> fields = new ArrayList<>();
    while (true) {
      String line = readLine();
      if (line.isEmpty()) {
        return new Fields(fields);
      }
      int colon = line.indexOf(':');
      if (colon < 1 || line.charAt(0) == ' ' || line.charAt(0) == '\t') {
        throw malformed("a field line without a name: " + line);
      }
      fields.add(new Field(line.substring(0, colon), line.substring(colon + 1).strip()));
    }
  }

  /// A line without its CR LF.
  private String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int c = readOrFail();
      if (c == '\r') {
        if (readOrFail() != '\n') {
          throw malformed("CR without LF");
        }
        return line.toString();
      }
      if (c == '\n') {
        throw malformed("LF without CR");
      }
      if (line.length() == LONGEST_LINE) {
        throw malformed("an endless line");
      }
      line.append((char) c);
    }
  }

  String readExactly(int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    keep(bytes, bytes.length);
    if (bytes.length < count) {
      throw new EOFException(
          "ended after " + bytes.length + " of " + count + " bytes: " + abbreviated());
    }
    return new String(bytes, ISO_8859_1);
  }

  String readToEnd() throws IOException {
    ByteArrayOutputStream rest = new ByteArrayOutputStream();
    byte[] some = new byte[16 * 1024];
    while (true) {
      int count = in.read(some);
      if (count < 0) {
        return rest.toString(ISO_8859_1);
      }
      keep(some, count);
      rest.write(some, 0, count);
    }
  }

  /// The next byte; empty at the end.
  OptionalInt read() throws IOException {
    int c = in.read();
    if (c < 0) {
      return OptionalInt.empty();
    }
    keep(c);
    return OptionalInt.of(c);
  }

  private int readOrFail() throws IOException {
    return read().orElseThrow(() -> new EOFException("ended inside: " + abbreviated()));
  }

  private void keep(int c) {
    message.write(c);
    if (everything != null) {
      synchronized (this) {
        everything.write(c);
      }
    }
  }

  private void keep(byte[] bytes, int count) {
    message.write(bytes, 0, count);
    if (everything != null) {
      synchronized (this) {
        everything.write(bytes, 0, count);
      }
    }
  }

  private int decimal(String digits) {
    if (!digits.matches("[0-9]{1,9}")) {
      throw malformed("not a length: " + digits);
    }
    return Integer.parseInt(digits);
  }

  private int hexadecimal(String digits) {
    if (!digits.matches("[0-9a-fA-F]{1,7}")) {
      throw malformed("not a chunk size: " + digits);
    }
    return Integer.parseInt(digits, 16);
  }

  private MalformedMessageException malformed(String what) {
    return new MalformedMessageException(what + " in: " + abbreviated());
  }

  private String abbreviated() {
    String bytes = message();
    return bytes.length() <= 500 ? bytes : bytes.substring(0, 500) + "…";
  }
}

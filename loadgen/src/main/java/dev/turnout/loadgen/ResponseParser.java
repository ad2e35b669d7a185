package dev.turnout.loadgen;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// Reads HTTP/1.1 responses as far as load needs it: status, framing, keep-alive, and who answered.
///
/// Bodies are counted, not kept. One parser belongs to one connection and its loop.
final class ResponseParser {
  /// What a call of {@link #read} came to.
  enum Progress {
    MORE,
    DONE,
    BAD
  }

  private enum State {
    HEAD,
    SIZED,
    UNTIL_CLOSE,
    CHUNK_SIZE,
    CHUNK_DATA,
    CHUNK_END,
    TRAILERS
  }

  private static final int MAX_HEAD = 64 * 1024;
  private static final int MAX_CHUNK_LINE = 4096;
  private static final byte[] CONTENT_LENGTH = bytes("content-length");
  private static final byte[] TRANSFER_ENCODING = bytes("transfer-encoding");
  private static final byte[] CONNECTION = bytes("connection");
  private static final int INCOMPLETE = -1;
  private static final int MALFORMED = -2;
  private static final byte LF = '\n';
  private static final byte CR = '\r';

  private final boolean bodiless;
  private final byte[] countBy;
  // The begin of a head that has not come whole yet; empty almost always.
  private final ByteBuf partial = Unpooled.buffer(0, MAX_HEAD);

  private State state = State.HEAD;
  private int status;
  private boolean keepAlive;
  private boolean chunked;
  private long length;
  private long left;
  private int lineLength;
  private boolean sizeEnded;
  private String answeredBy = "";

  /// `bodiless`: the requests are HEAD. `countBy` is the name of the field to pick out, or empty.
  ResponseParser(boolean bodiless, String countBy) {
    this.bodiless = bodiless;
    this.countBy = bytes(countBy.toLowerCase(Locale.ROOT));
  }

  /// The status of the response that was read last.
  int status() {
    return status;
  }

  /// Whether the connection can take another request after this response.
  boolean keepAlive() {
    return keepAlive;
  }

  /// The value of the field to count by; empty when the response has none.
  String answeredBy() {
    return answeredBy;
  }

  /// True between two responses: nothing of the next has come.
  boolean idle() {
    return state == State.HEAD && !partial.isReadable();
  }

  /// Tells that the peer closed; true if that was the proper end of the response.
  boolean closed() {
    boolean proper = state == State.UNTIL_CLOSE;
    reset();
    return proper;
  }

  /// Forgets what was begun, for a new connection.
  void reset() {
    state = State.HEAD;
    partial.clear();
  }

  /// Takes bytes from `in` up to the end of one response.
  Progress read(ByteBuf in) {
    while (in.isReadable()) {
      switch (state) {
        case HEAD -> {
          int end = readHead(in);
          if (end < 0) {
            return end == INCOMPLETE ? Progress.MORE : Progress.BAD;
          }
          if (status >= 200 && enterBody()) {
            return Progress.DONE;
          }
        }
        case SIZED, CHUNK_DATA -> {
          int taken = (int) Math.min(left, in.readableBytes());
          in.skipBytes(taken);
          left -= taken;
          if (left > 0) {
            return Progress.MORE;
          }
          if (state == State.SIZED) {
            state = State.HEAD;
            return Progress.DONE;
          }
          state = State.CHUNK_END;
        }
        case UNTIL_CLOSE -> in.skipBytes(in.readableBytes());
        case CHUNK_SIZE -> {
          if (!chunkSize(in.readByte())) {
            return Progress.BAD;
          }
        }
        case CHUNK_END -> {
          byte b = in.readByte();
          if (b == LF) {
            beginChunkLine();
          } else if (b != CR) {
            return Progress.BAD;
          }
        }
        case TRAILERS -> {
          byte b = in.readByte();
          if (b == LF) {
            if (lineLength == 0) {
              state = State.HEAD;
              return Progress.DONE;
            }
            lineLength = 0;
          } else if (b != CR && ++lineLength > MAX_HEAD) {
            return Progress.BAD;
          }
        }
      }
    }
    return Progress.MORE;
  }

  /// Consumes a whole head from `in`; otherwise a negative reason.
  private int readHead(ByteBuf in) {
    if (!partial.isReadable()) {
      int end = parseHead(in, in.readerIndex(), in.writerIndex());
      if (end >= 0) {
        in.readerIndex(end);
        return end;
      }
      return end == MALFORMED ? end : keep(in);
    }
    int before = partial.readableBytes();
    int room = Math.min(in.readableBytes(), MAX_HEAD - before);
    partial.writeBytes(in, in.readerIndex(), room);
    int end = parseHead(partial, 0, partial.writerIndex());
    if (end >= 0) {
      in.skipBytes(end - before);
      partial.clear();
    } else if (end == INCOMPLETE) {
      in.skipBytes(room);
      return partial.writerIndex() == MAX_HEAD ? MALFORMED : INCOMPLETE;
    }
    return end;
  }

  private int keep(ByteBuf in) {
    if (in.readableBytes() >= MAX_HEAD) {
      return MALFORMED;
    }
    partial.writeBytes(in);
    return INCOMPLETE;
  }

  /// The index behind the head that begins at `start`, or a negative reason.
  private int parseHead(ByteBuf buffer, int start, int end) {
    chunked = false;
    length = -1;
    answeredBy = "";
    int line = start;
    for (boolean first = true; ; first = false) {
      int feed = buffer.indexOf(line, end, LF);
      if (feed < 0) {
        return INCOMPLETE;
      }
      int lineEnd = feed > line && buffer.getByte(feed - 1) == CR ? feed - 1 : feed;
      if (first) {
        if (!statusLine(buffer, line, lineEnd)) {
          return MALFORMED;
        }
      } else if (lineEnd == line) {
        return feed + 1;
      } else if (!field(buffer, line, lineEnd)) {
        return MALFORMED;
      }
      line = feed + 1;
    }
  }

  /// `HTTP/1.1 200 OK`
  private boolean statusLine(ByteBuf buffer, int start, int end) {
    if (end - start < 12
        || buffer.getInt(start) != 0x48545450 // HTTP
        || buffer.getByte(start + 4) != '/'
        || buffer.getByte(start + 5) != '1'
        || buffer.getByte(start + 8) != ' ') {
      return false;
    }
    keepAlive = buffer.getByte(start + 7) == '1';
    int code = 0;
    for (int i = start + 9; i < start + 12; i++) {
      int digit = buffer.getByte(i) - '0';
      if (digit < 0 || digit > 9) {
        return false;
      }
      code = code * 10 + digit;
    }
    status = code;
    return code >= 100 && code <= 599;
  }

  private boolean field(ByteBuf buffer, int start, int end) {
    if (countBy.length > 0 && nameIs(buffer, start, end, countBy)) {
      answeredBy = value(buffer, start + countBy.length + 1, end);
    }
    // Most names are sorted out by one comparison.
    int firstLetter = buffer.getByte(start) | 0x20;
    if (firstLetter == 'c') {
      if (nameIs(buffer, start, end, CONTENT_LENGTH)) {
        return contentLength(buffer, start + CONTENT_LENGTH.length + 1, end);
      }
      if (nameIs(buffer, start, end, CONNECTION)) {
        connection(value(buffer, start + CONNECTION.length + 1, end));
      }
    } else if (firstLetter == 't' && nameIs(buffer, start, end, TRANSFER_ENCODING)) {
      chunked = true;
    }
    return true;
  }

  private void connection(String value) {
    if (value.equalsIgnoreCase("close")) {
      keepAlive = false;
    } else if (value.equalsIgnoreCase("keep-alive")) {
      keepAlive = true;
    }
  }

  private boolean contentLength(ByteBuf buffer, int start, int end) {
    long number = 0;
    int digits = 0;
    for (int i = start; i < end; i++) {
      byte b = buffer.getByte(i);
      if (b == ' ' || b == '\t') {
        continue;
      }
      if (b < '0' || b > '9' || ++digits > 18) {
        return false;
      }
      number = number * 10 + (b - '0');
    }
    length = number;
    return digits > 0;
  }

  /// Chooses how the body ends; true if there is none.
  private boolean enterBody() {
    if (bodiless || status == 204 || status == 304 || (length == 0 && !chunked)) {
      return true;
    }
    if (chunked) {
      beginChunkLine();
    } else if (length > 0) {
      left = length;
      state = State.SIZED;
    } else {
      keepAlive = false;
      state = State.UNTIL_CLOSE;
    }
    return false;
  }

  private void beginChunkLine() {
    state = State.CHUNK_SIZE;
    left = 0;
    lineLength = 0;
    sizeEnded = false;
  }

  /// One byte of a chunk's size line, with an extension or without.
  private boolean chunkSize(byte b) {
    if (b == LF) {
      state = left == 0 ? State.TRAILERS : State.CHUNK_DATA;
      boolean hadDigit = lineLength > 0;
      lineLength = 0;
      return hadDigit;
    }
    if (++lineLength > MAX_CHUNK_LINE) {
      return false;
    }
    int digit = Character.digit(b, 16);
    if (digit < 0 || sizeEnded) {
      sizeEnded = true;
      return lineLength > 1; // at least one digit came before
    }
    left = left << 4 | digit;
    return lineLength <= 15;
  }

  /// True if the line is a field of this name, which is in lower case.
  private static boolean nameIs(ByteBuf buffer, int start, int end, byte[] lower) {
    int colon = start + lower.length;
    if (colon >= end || buffer.getByte(colon) != ':') {
      return false;
    }
    for (int i = 0; i < lower.length; i++) {
      byte b = buffer.getByte(start + i);
      if (b != lower[i] && (b < 'A' || b > 'Z' || b + 0x20 != lower[i])) {
        return false;
      }
    }
    return true;
  }

  private static String value(ByteBuf buffer, int start, int end) {
    return buffer.toString(start, end - start, StandardCharsets.ISO_8859_1).strip();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}

package dev.turnout.http.h1;

import dev.turnout.http.Fields;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/// Finds the data in a chunked body (RFC 9112 section 7.1), strictly. Owned by one message.
///
/// Every line ends in CRLF and nothing else; sizes are hexadecimal digits below 2^63; extensions
/// must be well formed, are limited and dropped; the trailer section is limited, checked and kept,
/// without the fields that have no business there.
public final class ChunkedDecoder {
  /// What [#decode] found.
  public enum Result {
    /// Data: [#available] bytes at the reader index of the buffer, to be taken with [#take].
    DATA,
    /// Everything was used up and the body has not ended.
    NEED_MORE,
    /// The body has ended; what is left in the buffer is not of this message.
    DONE,
    /// The body is invalid: see [#status()]; the connection must be closed.
    INVALID
  }

  private enum State {
    SIZE_START,
    SIZE,
    BLANK_BEFORE_EXTENSION,
    BEFORE_NAME,
    NAME,
    AFTER_NAME,
    BEFORE_VALUE,
    VALUE,
    QUOTED,
    ESCAPED,
    AFTER_QUOTED,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,
    DONE,
    INVALID
  }

  private static final byte[] NOTHING = {};
  private static final int MAX_LINE = 1024;

  /// Bytes that the framing may cost beyond a fair share of the data: bounds tiny chunks with long
  /// extensions.
  private static final int MAX_OVERHEAD = 16 * 1024;

  /// The default limit of a trailer section, in bytes.
  public static final int MAX_TRAILERS = 16 * 1024;

  private final int maxTrailers;
  private final Fields trailers = new Fields();

  private State state = State.SIZE_START;
  private long size; // of the chunk, then what is left of it
  private int lineLength;
  private long overhead;
  private byte[] section = NOTHING;
  private int sectionLength;
  private int sectionLine;
  private int status;
  private String reason = "";

  public ChunkedDecoder() {
    this(MAX_TRAILERS);
  }

  /// A decoder for bodies with at most `maxTrailers` bytes of trailers.
  public ChunkedDecoder(int maxTrailers) {
    this.maxTrailers = maxTrailers;
  }

  /// Gets ready for the next body.
  public void reset() {
    state = State.SIZE_START;
    size = 0;
    lineLength = 0;
    overhead = 0;
    section = NOTHING;
    sectionLength = 0;
    sectionLine = 0;
    trailers.reset(section);
    status = 0;
    reason = "";
  }

  /// The status to answer a request with an invalid body with: 400, or 431 for too large trailers.
  public int status() {
    return status;
  }

  /// What is invalid, for the log.
  public String reason() {
    return reason;
  }

  /// The trailer fields, once the body has ended; those that frame, route, authenticate or describe
  /// the message are left out.
  public Fields trailers() {
    return trailers;
  }

  /// How many bytes of the present chunk have not been taken.
  public long remaining() {
    return state == State.DATA ? size : 0;
  }

  /// How many bytes of data there are at the reader index, after [Result#DATA].
  public int available(ByteBuf in) {
    return (int) Math.min(in.readableBytes(), remaining());
  }

  /// A slice with the data at the reader index, at most `most` bytes, which shares the storage of
  /// `in`. The caller owns it.
  public ByteBuf take(ByteBuf in, int most) {
    int n = Math.min(available(in), most);
    size -= n;
    return in.readRetainedSlice(n);
  }

  /// All the data at the reader index. The caller owns the slice.
  public ByteBuf take(ByteBuf in) {
    return take(in, Integer.MAX_VALUE);
  }

  /// Passes over data at the reader index without looking at it.
  public void skip(ByteBuf in) {
    int n = available(in);
    size -= n;
    in.skipBytes(n);
  }

  /// Reads framing until there is data, nothing more, the end, or an error. After [Result#DATA] the
  /// data must be taken before the next call gets anywhere.
  public Result decode(ByteBuf in) {
    while (true) {
      switch (state) {
        case DATA -> {
          if (size > 0) {
            return in.isReadable() ? Result.DATA : Result.NEED_MORE;
          }
          state = State.DATA_CR;
        }
        case DONE -> {
          return Result.DONE;
        }
        case INVALID -> {
          return Result.INVALID;
        }
        case TRAILER -> {
          if (!in.isReadable()) {
            return Result.NEED_MORE;
          }
          trailerByte(in.readByte());
        }
        case SIZE_START,
            SIZE,
            BLANK_BEFORE_EXTENSION,
            BEFORE_NAME,
            NAME,
            AFTER_NAME,
            BEFORE_VALUE,
            VALUE,
            QUOTED,
            ESCAPED,
            AFTER_QUOTED,
            SIZE_LF,
            DATA_CR,
            DATA_LF -> {
          if (!in.isReadable()) {
            return Result.NEED_MORE;
          }
          state = next(in.readByte());
        }
      }
    }
  }

  private State next(byte b) {
    if (++lineLength > MAX_LINE) {
      return invalid("too long chunk extension");
    }
    return switch (state) {
      case SIZE_START -> {
        size = 0;
        yield hex(b) >= 0 ? size(b) : invalid("invalid chunk size");
      }
      case SIZE -> size(b);
      case BLANK_BEFORE_EXTENSION ->
          Octets.blank(b) ? state : b == ';' ? State.BEFORE_NAME : invalid("invalid chunk size");
      case BEFORE_NAME -> Octets.blank(b) ? state : token(b, State.NAME);
      case NAME -> {
        if (Octets.blank(b)) {
          yield State.AFTER_NAME;
        }
        yield b == '=' ? State.BEFORE_VALUE : afterExtension(b, State.NAME);
      }
      case AFTER_NAME -> {
        if (Octets.blank(b)) {
          yield state;
        }
        yield b == '='
            ? State.BEFORE_VALUE
            : b == ';' ? State.BEFORE_NAME : invalid("invalid chunk extension");
      }
      case BEFORE_VALUE ->
          Octets.blank(b) ? state : b == '"' ? State.QUOTED : token(b, State.VALUE);
      case VALUE -> afterExtension(b, State.VALUE);
      case QUOTED -> quoted(b);
      case ESCAPED -> isText(b) ? State.QUOTED : invalid("invalid chunk extension");
      case AFTER_QUOTED -> afterExtension(b, State.INVALID);
      case SIZE_LF -> b == '\n' ? chunk() : invalid("invalid end of chunk size");
      case DATA_CR -> b == '\r' ? State.DATA_LF : invalid("invalid end of chunk");
      case DATA_LF -> {
        lineLength = 0;
        yield b == '\n' ? State.SIZE_START : invalid("invalid end of chunk");
      }
      case DATA, TRAILER, DONE, INVALID -> throw new IllegalStateException(state.toString());
    };
  }

  private State size(byte b) {
    int digit = hex(b);
    if (digit >= 0) {
      if (size > Long.MAX_VALUE >> 4) {
        return invalid("too large chunk size");
      }
      size = size << 4 | digit;
      return State.SIZE;
    }
    if (b == '\r') {
      return State.SIZE_LF;
    }
    if (b == ';') {
      return State.BEFORE_NAME;
    }
    return Octets.blank(b) ? State.BLANK_BEFORE_EXTENSION : invalid("invalid chunk size");
  }

  private static int hex(byte b) {
    if (b >= '0' && b <= '9') {
      return b - '0';
    }
    int c = b | 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }

  private State token(byte b, State same) {
    return Octets.NAME[b & 0xff] != 0 ? same : invalid("invalid chunk extension");
  }

  /// Within or behind a token: `same` goes on with it, and INVALID says that there is none.
  private State afterExtension(byte b, State same) {
    if (b == '\r') {
      return State.SIZE_LF;
    }
    if (b == ';') {
      return State.BEFORE_NAME;
    }
    if (Octets.blank(b)) {
      return State.BLANK_BEFORE_EXTENSION;
    }
    return same == State.INVALID ? invalid("invalid chunk extension") : token(b, same);
  }

  private State quoted(byte b) {
    if (b == '"') {
      return State.AFTER_QUOTED;
    }
    if (b == '\\') {
      return State.ESCAPED;
    }
    return isText(b) ? state : invalid("invalid chunk extension");
  }

  private static boolean isText(byte b) {
    return b == '\t' || ((b & 0xff) >= 0x20 && b != 0x7f);
  }

  private State chunk() {
    overhead = Math.max(0, overhead + lineLength - 16 - 2 * Math.min(size, MAX_OVERHEAD));
    lineLength = 0;
    if (overhead > MAX_OVERHEAD) {
      return invalid("too much chunk framing");
    }
    return size == 0 ? State.TRAILER : State.DATA;
  }

  private State invalid(String reason) {
    status = 400;
    this.reason = reason;
    state = State.INVALID;
    return State.INVALID;
  }

  // ---- trailers

  private void trailerByte(byte b) {
    boolean afterCr = sectionLength > sectionLine && section[sectionLength - 1] == '\r';
    if (afterCr != (b == '\n')) {
      invalid("invalid line end in trailers");
      return;
    }
    if (b == '\n') {
      trailerLine(sectionLength - 1);
      sectionLine = sectionLength;
      return;
    }
    if (sectionLength >= maxTrailers) {
      invalid("too large trailers");
      status = 431;
      return;
    }
    append(b);
  }

  private void append(byte b) {
    if (sectionLength + HEADROOM > section.length) {
      section = Arrays.copyOf(section, Math.max(256, section.length * 2));
      trailers.rebase(section);
    }
    section[sectionLength++] = b;
  }

  /// Scanning needs a sentinel and eight bytes behind the last one.
  private static final int HEADROOM = 10;

  /// Reads the line that begins at the line start and ends before the CR at `cr`.
  private void trailerLine(int cr) {
    if (cr == sectionLine) {
      state = State.DONE;
      return;
    }
    byte[] data = section;
    int p = sectionLine;
    int hash = 0;
    while (Octets.NAME[data[p] & 0xff] != 0) {
      hash = hash * 31 + Math.abs(Octets.NAME[data[p] & 0xff]);
      p++;
    }
    if (data[p] != ':' || p == sectionLine) {
      invalid("invalid trailer");
      return;
    }
    int nameLength = p - sectionLine;
    int value = p + 1;
    while (Octets.blank(data[value])) {
      value++;
    }
    int end = Octets.valueEnd(data, value);
    if (end != cr) {
      invalid("invalid trailer");
      return;
    }
    while (end > value && Octets.blank(data[end - 1])) {
      end--;
    }
    if (trailers.count() == 0) {
      trailers.reset(data);
    }
    trailers.add(sectionLine, nameLength, value, end - value, hash);
    if (!Trailers.allowed(trailers, trailers.count() - 1)) {
      trailers.removeLast();
    }
  }
}

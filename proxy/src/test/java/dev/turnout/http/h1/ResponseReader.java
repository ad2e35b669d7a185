package dev.turnout.http.h1;

import dev.turnout.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/// A client's reading side without a client: takes the bytes of one response in pieces and says
/// what became of them.
final class ResponseReader implements AutoCloseable {
  private static final int MAX_INTERIM = 16;

  private final ResponseParser parser = new ResponseParser(4096);
  private final ResponseHead head = new ResponseHead();
  private final ChunkedDecoder chunks = new ChunkedDecoder();
  private final ByteBuf pending = Unpooled.buffer();
  private final StringBuilder body = new StringBuilder();
  private String method = "GET";
  private String state = "head";
  private int interim;
  private long left;

  ResponseReader to(String method) {
    this.method = method;
    return this;
  }

  ResponseReader feed(byte[] bytes, int start, int length) {
    pending.writeBytes(bytes, start, length);
    boolean more = true;
    while (more) {
      more =
          switch (state) {
            case "head" -> readHead();
            case "length" -> length();
            case "chunked" -> chunked();
            case "close" -> untilClose();
            default -> false;
          };
    }
    return this;
  }

  private boolean readHead() {
    int end = parser.parse(head, pending);
    if (end == ResponseParser.NEED_MORE) {
      return false;
    }
    if (end == ResponseParser.INVALID) {
      return end("invalid");
    }
    if (head.status() == 101) {
      return end("101");
    }
    if (head.interim()) {
      if (++interim > MAX_INTERIM) {
        return end("invalid");
      }
      head.reset();
      parser.reset();
      return true;
    }
    switch (head.framing(method)) {
      case NONE -> end("done");
      case CHUNKED -> end("chunked");
      case UNTIL_CLOSE -> end("close");
      case LENGTH -> {
        left = head.contentLength();
        end("length");
      }
    }
    return true;
  }

  private boolean length() {
    int n = (int) Math.min(left, pending.readableBytes());
    body.append(pending.readCharSequence(n, StandardCharsets.ISO_8859_1));
    left -= n;
    return left == 0 && end("done");
  }

  private boolean chunked() {
    return switch (chunks.decode(pending)) {
      case NEED_MORE -> false;
      case DONE -> end("done");
      case INVALID -> end("abort");
      case DATA -> {
        ByteBuf data = chunks.take(pending);
        body.append(data.toString(StandardCharsets.ISO_8859_1));
        data.release();
        yield true;
      }
    };
  }

  private boolean untilClose() {
    body.append(pending.readCharSequence(pending.readableBytes(), StandardCharsets.ISO_8859_1));
    return false;
  }

  private boolean end(String state) {
    this.state = state;
    return true;
  }

  ResponseHead head() {
    return head;
  }

  String state() {
    return state;
  }

  String body() {
    return body.toString();
  }

  String reason() {
    return parser.reason();
  }

  ChunkedDecoder chunks() {
    return chunks;
  }

  /// Bytes that are not of this response.
  int extra() {
    return state.equals("done") ? pending.readableBytes() : 0;
  }

  @Override
  public void close() {
    pending.release();
  }
}

package dev.turnout.http.h1;

import dev.turnout.http.RequestHead;
import dev.turnout.http.UriPath;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;

/// A server's reading side without a server: takes the bytes of a connection in pieces and says
/// what became of them.
final class RequestReader implements AutoCloseable {
  private static final long MAX_BODY = 1024 * 1024;

  private final RequestParser parser;
  private final RequestHead head = new RequestHead();
  private final ChunkedDecoder chunks = new ChunkedDecoder();
  private final ByteBuf pending = Unpooled.buffer();
  private final StringBuilder body = new StringBuilder();
  private final List<String> requests = new ArrayList<>();
  private boolean inBody;
  private long left;
  private int status;
  private String reason = "";

  RequestReader(HeadLimits limits) {
    parser = new RequestParser(limits);
  }

  RequestReader() {
    this(HeadLimits.DEFAULT);
  }

  RequestReader feed(byte[] bytes, int start, int length) {
    pending.writeBytes(bytes, start, length);
    while (status == 0 && (inBody ? body() : head())) {}
    pending.discardReadBytes();
    return this;
  }

  RequestReader feed(byte[] bytes) {
    return feed(bytes, 0, bytes.length);
  }

  private boolean head() {
    int end = parser.parse(head, pending);
    if (end == RequestParser.REFUSED) {
      return refuse(parser.status(), parser.reason());
    }
    if (end == RequestParser.NEED_MORE) {
      return false;
    }
    if (!head.rawTarget().equals("*") && UriPath.of(head, true) == null) {
      return refuse(400, "client sent invalid request");
    }
    left = Math.max(0, head.contentLength());
    if (left > MAX_BODY) {
      return refuse(413, "too large");
    }
    inBody = true;
    body.setLength(0);
    chunks.reset();
    return true;
  }

  private boolean body() {
    if (head.chunked()) {
      return chunk();
    }
    int n = (int) Math.min(left, pending.readableBytes());
    append(pending.readSlice(n));
    left -= n;
    return left == 0 && done();
  }

  private boolean chunk() {
    return switch (chunks.decode(pending)) {
      case NEED_MORE -> false;
      case DONE -> done();
      case INVALID -> refuse(chunks.status(), chunks.reason());
      case DATA -> {
        if (chunks.remaining() > MAX_BODY) {
          yield refuse(413, "too large");
        }
        ByteBuf data = chunks.take(pending);
        append(data);
        data.release();
        yield true;
      }
    };
  }

  private void append(ByteBuf data) {
    body.append(data.toString(java.nio.charset.StandardCharsets.ISO_8859_1));
  }

  private boolean done() {
    StringBuilder request = new StringBuilder(head.requestLine());
    request.append(" host=").append(head.host()).append(':').append(head.hostPort());
    for (int i = 0; i < head.fields().count(); i++) {
      request.append('\n').append(head.fields().name(i)).append('=').append(head.fields().value(i));
    }
    request.append("\n\n").append(body);
    for (int i = 0; i < chunks.trailers().count() && head.chunked(); i++) {
      request.append("\ntrailer ").append(chunks.trailers().name(i));
      request.append('=').append(chunks.trailers().value(i));
    }
    requests.add(request.toString());
    inBody = false;
    head.reset();
    parser.reset();
    return true;
  }

  private boolean refuse(int status, String reason) {
    this.status = status;
    this.reason = reason;
    return false;
  }

  /// The requests that came whole.
  List<String> requests() {
    return requests;
  }

  /// The status of the refusal that ended the reading, or 0.
  int status() {
    return status;
  }

  String reason() {
    return reason;
  }

  /// True if a request has begun and not ended.
  boolean inside() {
    return status == 0 && (inBody || parser.started(head));
  }

  /// All there is to compare.
  String outcome() {
    return requests + " " + status + " " + reason + (inside() ? " inside" : "");
  }

  @Override
  public void close() {
    pending.release();
  }
}

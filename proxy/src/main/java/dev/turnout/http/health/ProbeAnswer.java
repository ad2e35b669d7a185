package dev.turnout.http.health;

import dev.turnout.http.ResponseHead;
import dev.turnout.http.h1.ResponseParser;
import dev.turnout.http.proxy.ResponseFraming;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// The answer to one probe: its head, and the beginning of its body if that is wanted. Used by one
/// thread at a time.
final class ProbeAnswer {
  private static final String HEAD = "reading response header from upstream";
  private static final String BODY = "reading upstream";
  private static final int MOST_INTERIM = 16;

  private final ResponseHead head = new ResponseHead();
  private final ResponseFraming framing = new ResponseFraming();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private String stage = HEAD;
  private boolean any;

  ResponseHead head() {
    return head;
  }

  /// As much of the body as was wanted.
  String body() {
    return body.toString(StandardCharsets.ISO_8859_1);
  }

  /// The first line, as far as it is known.
  String statusLine() {
    String reason = head.reason();
    return "HTTP/1."
        + (head.version() - 10)
        + " "
        + head.status()
        + (reason.isEmpty() ? "" : " " + reason);
  }

  /// What is being read.
  String stage() {
    return stage;
  }

  /// True if anything came at all.
  boolean hasBegun() {
    return any;
  }

  /// True if the server may be asked again on this connection.
  boolean leavesConnection() {
    return framing.isComplete() && !framing.hasExcess() && head.keepAlive();
  }

  /// Reads the head, and up to `mostBody` bytes of the body.
  ///
  /// @param limit the largest head
  /// @param millis how long the server may be silent
  void read(ProbeSocket from, String method, int limit, long millis, int mostBody)
      throws ProbeSocket.Broken, InterruptedException {
    byte[] bytes = new byte[16 * 1024];
    ResponseParser parser = new ResponseParser(limit);
    ByteBuf in = Unpooled.EMPTY_BUFFER;
    int interim = 0;
    while (true) {
      int end = parser.parse(head, in);
      if (end == ResponseParser.INVALID) {
        throw new ProbeSocket.Broken(parser.reason());
      }
      if (interim > MOST_INTERIM) {
        throw new ProbeSocket.Broken("upstream sent too many informational responses");
      }
      if (end == ResponseParser.NEED_MORE) {
        in = next(from, bytes, millis);
      } else if (head.interim()) {
        interim++;
        head.reset();
        parser.reset();
      } else {
        break;
      }
    }
    stage = BODY;
    framing.begin(head, method);
    take(in);
    while (body.size() < mostBody && !framing.isComplete() && !framing.isInvalid()) {
      from.within(millis);
      int n = from.receive(bytes);
      if (n < 0) {
        if (framing.endsWithConnection()) {
          return;
        }
        throw new ProbeSocket.Broken("upstream prematurely closed connection");
      }
      take(Unpooled.wrappedBuffer(bytes, 0, n));
    }
    if (framing.isInvalid()) {
      throw new ProbeSocket.Broken("upstream sent invalid chunked response");
    }
  }

  private ByteBuf next(ProbeSocket from, byte[] bytes, long millis)
      throws ProbeSocket.Broken, InterruptedException {
    from.within(millis);
    int n = from.receive(bytes);
    if (n < 0) {
      throw new ProbeSocket.Broken("upstream prematurely closed connection");
    }
    any = true;
    return Unpooled.wrappedBuffer(bytes, 0, n);
  }

  private void take(ByteBuf in) {
    if (framing.takeWhole(in)) {
      keep(in);
      return;
    }
    ByteBuf part = framing.take(in);
    while (part != null) {
      keep(part);
      part.release();
      part = framing.take(in);
    }
  }

  private void keep(ByteBuf part) {
    byte[] bytes = new byte[part.readableBytes()];
    part.getBytes(part.readerIndex(), bytes);
    body.writeBytes(bytes);
  }
}

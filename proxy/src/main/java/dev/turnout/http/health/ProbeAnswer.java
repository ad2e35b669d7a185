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
  private final byte[] bytes = new byte[16 * 1024];
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

  /// Reads the head.
  ///
  /// @param limit the largest head
  /// @param millis how long the server may be silent
  /// @param anyStatus an informational answer (1xx) is the answer, too
  void readHead(ProbeSocket from, String method, int limit, long millis, boolean anyStatus)
      throws ProbeSocket.Broken, InterruptedException {
    ResponseParser parser = new ResponseParser(limit);
    ByteBuf in = Unpooled.EMPTY_BUFFER;
    int interim = 0;
    while (true) {
      int end = parser.parse(head, in);
      if (end == ResponseParser.INVALID) {
        throw new ProbeSocket.Broken(parser.reason());
      }
      if (end == ResponseParser.NEED_MORE) {
        in = next(from, millis);
      } else if (!head.interim() || anyStatus) {
        break;
      } else if (++interim > MOST_INTERIM) {
        throw new ProbeSocket.Broken("upstream sent too many informational responses");
      } else {
        head.reset();
        parser.reset();
      }
    }
    stage = BODY;
    framing.begin(head, method);
    take(in);
  }

  /// Reads up to `most` bytes of the body.
  void readBody(ProbeSocket from, long millis, int most)
      throws ProbeSocket.Broken, InterruptedException {
    while (body.size() < most && !framing.isComplete() && !framing.isInvalid()) {
      from.within(millis);
      int n = from.receive(bytes);
      if (n >= 0) {
        take(Unpooled.wrappedBuffer(bytes, 0, n));
      } else if (framing.endsWithConnection()) {
        return;
      } else {
        throw new ProbeSocket.Broken("upstream prematurely closed connection");
      }
    }
    if (framing.isInvalid()) {
      throw new ProbeSocket.Broken("upstream sent invalid chunked response");
    }
  }

  /// Reads the rest of the body, of which nobody wants to know: true if the server may be asked
  /// again on this connection. What goes wrong here says nothing about the server.
  boolean leavesConnection(ProbeSocket from, long millis) throws InterruptedException {
    if (head.interim() || !head.keepAlive()) {
      return false;
    }
    try {
      readBody(from, millis, Match.MOST_BODY);
      return framing.isComplete() && !framing.hasExcess();
    } catch (ProbeSocket.Broken _) {
      return false;
    }
  }

  private ByteBuf next(ProbeSocket from, long millis)
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
    byte[] copy = new byte[part.readableBytes()];
    part.getBytes(part.readerIndex(), copy);
    body.writeBytes(copy);
  }
}

package dev.turnout.admin.control;

import dev.turnout.http.BodyReceiver;
import dev.turnout.http.Exchange;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/// The body of a request in memory, up to a limit: beyond that it is refused, as it comes. Confined
/// to its exchange's loop.
final class BoundedBody implements BodyReceiver {
  /// A list of some thousand servers.
  static final int LIMIT = 1 << 20;

  private final StringBuilder bytes = new StringBuilder();
  private final Consumer<String> read;
  private final Consumer<Problem> refused;
  private boolean over;

  private BoundedBody(Consumer<String> read, Consumer<Problem> refused) {
    this.read = read;
    this.refused = refused;
  }

  /// Reads the body, then calls one of the two; neither, if the client is gone or has been told
  /// what was wrong.
  static void read(Exchange exchange, Consumer<String> read, Consumer<Problem> refused) {
    if (exchange.request().contentLength() > LIMIT) {
      exchange.closeAfter();
      refused.accept(tooLarge());
      return;
    }
    exchange.body().stream(new BoundedBody(read, refused));
  }

  private static Problem tooLarge() {
    return Problem.of(413, "body_too_large", "the body has more than " + LIMIT + " bytes")
        .hint("several smaller changes");
  }

  @Override
  public void data(Exchange exchange, ByteBuf part) {
    try {
      if (over) {
        return;
      }
      if (bytes.length() + part.readableBytes() > LIMIT) {
        over = true;
        exchange.closeAfter();
        refused.accept(tooLarge());
        return;
      }
      bytes.append(part.toString(StandardCharsets.ISO_8859_1));
    } finally {
      part.release();
    }
  }

  @Override
  public void end(Exchange exchange) {
    if (!over) {
      over = true;
      read.accept(bytes.toString());
    }
  }

  @Override
  public void failed(Exchange exchange, int status) {
    if (!over && status != 0) {
      over = true;
      exchange.finish(status);
    }
  }
}

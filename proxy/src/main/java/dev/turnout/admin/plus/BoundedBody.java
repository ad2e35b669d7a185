package dev.turnout.admin.plus;

import dev.turnout.http.BodyReceiver;
import dev.turnout.http.Exchange;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/// The body of a request, up to `client_body_buffer_size`: beyond that it is refused, as it comes.
/// Confined to its exchange's loop.
final class BoundedBody implements BodyReceiver {
  private final StringBuilder bytes = new StringBuilder();
  private final long limit;
  private final Consumer<String> read;
  private final Consumer<Refusal> refused;
  private boolean over;

  private BoundedBody(long limit, Consumer<String> read, Consumer<Refusal> refused) {
    this.limit = limit;
    this.read = read;
    this.refused = refused;
  }

  /// Reads the body, then calls one of the two; neither, if the client is gone or has been told
  /// what was wrong.
  static void read(Exchange exchange, Consumer<String> read, Consumer<Refusal> refused) {
    long limit = exchange.core().clientBodyBufferSize();
    if (exchange.request().contentLength() > limit) {
      exchange.closeAfter();
      refused.accept(tooLarge());
      return;
    }
    exchange.body().stream(new BoundedBody(limit, read, refused));
  }

  private static Refusal tooLarge() {
    return new Refusal(413, "RequestEntityTooLarge", "Request Entity Too Large");
  }

  @Override
  public void data(Exchange exchange, ByteBuf part) {
    try {
      if (over) {
        return;
      }
      if (bytes.length() + part.readableBytes() > limit) {
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
    if (over || status == 0) {
      return;
    }
    over = true;
    if (status == 400) {
      refused.accept(new Refusal(400, "BodyReadError", "reading request body failed"));
    } else {
      exchange.finish(status);
    }
  }
}

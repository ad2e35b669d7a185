package dev.turnout.admin.gate;

import dev.turnout.http.BodyReceiver;
import dev.turnout.http.Exchange;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/// The body of a request for operators, in memory and up to a limit: beyond that it is refused as
/// it comes. Confined to its exchange's loop.
public final class BoundedBody implements BodyReceiver {
  /// As much as a change takes.
  public static final int USUAL = 64 * 1024;

  private final StringBuilder bytes = new StringBuilder();
  private final int limit;
  private final Consumer<String> read;
  private final Consumer<Decision.Refused> refused;
  private boolean over;

  private BoundedBody(int limit, Consumer<String> read, Consumer<Decision.Refused> refused) {
    this.limit = limit;
    this.read = read;
    this.refused = refused;
  }

  /// Reads the body, one char a byte, then calls one of the two; neither, if the client is gone or
  /// has been told what was wrong.
  public static void read(
      Exchange exchange, int limit, Consumer<String> read, Consumer<Decision.Refused> refused) {
    if (exchange.request().contentLength() > limit) {
      exchange.closeAfter();
      refused.accept(tooLarge(limit));
      return;
    }
    exchange.body().stream(new BoundedBody(limit, read, refused));
  }

  private static Decision.Refused tooLarge(int limit) {
    return new Decision.Refused(413, "the body is larger than " + limit + " bytes");
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
        later(exchange, () -> refused.accept(tooLarge(limit)));
        return;
      }
      bytes.append(part.toString(StandardCharsets.ISO_8859_1));
    } finally {
      part.release();
    }
  }

  /// Once the wire is done with the part of the body that it delivers now.
  private static void later(Exchange exchange, Runnable step) {
    long request = exchange.begun();
    Worker worker = exchange.worker();
    worker
        .loop()
        .execute(() -> {
          if (exchange.isLive() && exchange.begun() == request) {
            worker.refreshClock();
            step.run();
          }
        });
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
      refused.accept(new Decision.Refused(400, "reading request body failed"));
    } else {
      exchange.finish(status);
    }
  }
}

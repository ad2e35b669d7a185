package dev.turnout.admin.plus;

import dev.turnout.http.Exchange;
import dev.turnout.http.Response;
import dev.turnout.json.JsonText;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.io.Writer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// The way of one document to the client: written by a virtual thread, sent by the exchange's loop.
///
/// A document of one piece is answered with its length. A longer one goes out piece by piece while
/// it is written, and the thread waits while the client does not take what it was sent: so what a
/// list of any length needs is a few pieces of memory.
final class Delivery implements Exchange.Upstreaming {
  private static final int PIECE = 64 * 1024;

  private final Exchange exchange;
  private final EventLoop loop;
  private final int status;
  private final boolean head;

  // the loop's
  private boolean begun;
  private boolean over;
  private @Nullable CompletableFuture<Boolean> waiting;

  private Delivery(Exchange exchange, EventLoop loop, boolean head, int status) {
    this.exchange = exchange;
    this.loop = loop;
    this.head = head;
    this.status = status;
  }

  /// What is left to be done on the loop.
  sealed interface Outcome {}

  /// The document, which has to be sent.
  @SuppressWarnings("ArrayRecordComponent") // nobody compares documents
  record Whole(byte[] bytes) implements Outcome {}

  /// The length of the document that a HEAD asks about.
  record Counted(long length) implements Outcome {}

  /// All of it is on its way, or nobody waits for it any more.
  record Sent() implements Outcome {}

  /// Nobody waits for the rest.
  private static final class ClientGone extends RuntimeException {
    private static final long serialVersionUID = 1;

    ClientGone() {
      super("the client is gone", null, false, false);
    }
  }

  /// Writes the document; on a virtual thread.
  static Outcome write(
      Exchange exchange, EventLoop loop, boolean head, int status, Document document) {
    Pieces pieces = new Pieces(new Delivery(exchange, loop, head, status));
    try (JsonGenerator out = JsonText.generator(pieces)) {
      document.write(out);
    } catch (ClientGone _) {
      return new Sent();
    }
    return pieces.finish();
  }

  /// Collects what is written, and sends each piece that is full.
  private static final class Pieces extends Writer {
    private final Delivery delivery;
    private byte[] piece = new byte[PIECE];
    private int length;
    private long before;

    Pieces(Delivery delivery) {
      this.delivery = delivery;
    }

    @Override
    public void write(char[] chars, int start, int count) {
      for (int i = start; i < start + count; i++) {
        if (length == PIECE) {
          sendPiece();
        }
        piece[length++] = (byte) chars[i];
      }
    }

    private void sendPiece() {
      before += length;
      if (!delivery.head) {
        if (!delivery.send(Unpooled.wrappedBuffer(piece, 0, length), false)) {
          throw new ClientGone();
        }
        piece = new byte[PIECE];
      }
      length = 0;
    }

    Outcome finish() {
      if (delivery.head) {
        return new Counted(before + length);
      }
      if (before == 0) {
        return new Whole(Arrays.copyOf(piece, length));
      }
      delivery.send(Unpooled.wrappedBuffer(piece, 0, length), true);
      return new Sent();
    }

    @Override
    public void flush() {
      // pieces are sent when they are full
    }

    @Override
    public void close() {
      // the owner finishes
    }
  }

  /// Sends a piece and waits until there is room for the next; false if the client is gone.
  private boolean send(ByteBuf piece, boolean last) {
    CompletableFuture<Boolean> taken = new CompletableFuture<>();
    try {
      loop.execute(() -> send(piece, last, taken));
    } catch (RejectedExecutionException _) {
      piece.release();
      return false;
    }
    return taken.join();
  }

  private void send(ByteBuf piece, boolean last, CompletableFuture<Boolean> taken) {
    if (over || !exchange.isLive()) {
      piece.release();
      taken.complete(false);
      return;
    }
    exchange.worker().refreshClock();
    if (!begun) {
      begun = true;
      int malformed = exchange.body().discard();
      if (malformed != 0) {
        over = true;
        piece.release();
        exchange.finish(malformed);
        taken.complete(false);
        return;
      }
      exchange.upstreaming(this);
      Response response = exchange.response();
      response.status(status);
      response.contentType(PlusApi.MEDIA_TYPE);
      response.contentLength(Response.UNKNOWN_LENGTH);
      exchange.sendHead(false);
    }
    exchange.downstream().writeBody(exchange, piece, last);
    exchange.downstream().flush();
    if (over || last || exchange.downstream().isWritable()) {
      taken.complete(!over);
    } else {
      waiting = taken;
    }
  }

  @Override
  public void clientChanged(Exchange changed, boolean gone, boolean writable) {
    if (writable) {
      answer(true);
    }
  }

  private void answer(boolean goesOn) {
    CompletableFuture<Boolean> taken = waiting;
    if (taken != null) {
      waiting = null;
      taken.complete(goesOn);
    }
  }

  @Override
  public void exchangeEnded(Exchange ended) {
    over = true;
    answer(false);
  }

  @Override
  public @Nullable String describe() {
    return null;
  }

  @Override
  public boolean outlivesClient() {
    return false;
  }

  @Override
  public void release() {
    over = true;
    answer(false);
  }
}

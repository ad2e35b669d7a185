package dev.turnout.http;

import dev.turnout.net.OffLoop;
import dev.turnout.net.TcpState;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.net.SocketAddress;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// A step between whoever makes the body of a response and the wire. A {@link ResponseFilter} puts
/// it there with {@link Exchange#filterBody} while the head is made; those put there first see the
/// body first. An exchange without one writes to its connection directly.
///
/// It looks like the connection to whoever writes: what a filter does not care about goes through.
/// Owned by the exchange's loop, for one response.
public abstract class BodyFilter implements Downstream {
  private static final int PIECE = 32 * 1024;

  private final Exchange exchange;
  private @Nullable Downstream next;
  private @Nullable BodyFilter before;
  private @Nullable FilePart file;
  private long filePosition;
  private boolean fileEnds;
  private boolean reading;
  private boolean released;

  protected BodyFilter(Exchange exchange) {
    this.exchange = exchange;
  }

  void attach(@Nullable BodyFilter before, Downstream next) {
    this.before = before;
    this.next = next;
  }

  void next(Downstream next) {
    this.next = next;
  }

  /// The exchange whose response it works on.
  protected final Exchange exchange() {
    return exchange;
  }

  /// What comes after it: another filter, or the connection.
  protected final Downstream next() {
    Downstream there = next;
    if (there == null) {
      throw new IllegalStateException("a filter that stands nowhere");
    }
    return there;
  }

  /// True once the exchange is over.
  protected final boolean isReleased() {
    return released;
  }

  /// A buffer to write to.
  protected static ByteBuf buffer(int size) {
    return PooledByteBufAllocator.DEFAULT.directBuffer(size);
  }

  /// The exchange is over, whether or not all of the body got through: lets go of everything.
  protected void release() {}

  final void releaseOnce() {
    if (!released) {
      released = true;
      closeFile();
      release();
    }
  }

  private void closeFile() {
    FilePart open = file;
    if (open != null) {
      file = null;
      open.close();
    }
  }

  /// What comes after this takes more again: goes on, and lets those before go on.
  protected void resumed() {
    if (file != null) {
      readFile();
    }
    if (!released && isWritable()) {
      resumeBefore();
    }
  }

  /// Lets those before go on.
  protected final void resumeBefore() {
    BodyFilter earlier = before;
    if (earlier != null) {
      earlier.resumed();
    } else {
      exchange.producerWritable();
    }
  }

  // ---- the body

  @Override
  public void writeBody(Exchange exchange, ByteBuf body, boolean last) {
    next().writeBody(exchange, body, last);
  }

  /// Reads the file off the loop, piece by piece, and takes it as if it had come in buffers; a
  /// filter that need not see the bytes overrides this.
  @Override
  public void writeFile(Exchange exchange, FilePart part, boolean last) {
    if (file != null) {
      part.close();
      throw new IllegalStateException("a second file while the first is being read");
    }
    file = part;
    filePosition = part.offset();
    fileEnds = last;
    readFile();
  }

  private void readFile() {
    FilePart from = file;
    if (from == null || reading || !isWritable()) {
      return;
    }
    long left = from.offset() + from.length() - filePosition;
    if (left == 0) {
      file = null;
      from.close();
      if (fileEnds) {
        writeEnd(exchange);
        flush();
      }
      return;
    }
    reading = true;
    int size = (int) Math.min(PIECE, left);
    long position = filePosition;
    exchange.offLoop(
        read(from, position, size),
        (piece, failure) -> {
          reading = false;
          if (piece == null || piece.readableBytes() < size) {
            if (piece != null) {
              piece.release();
            }
            exchange.log(
                dev.turnout.log.Level.ALERT,
                failure == null
                    ? "the file became shorter while it was sent"
                    : "pread() failed (" + failure.getMessage() + ")");
            abort(exchange);
            return;
          }
          filePosition += size;
          boolean end = position + size == from.offset() + from.length();
          if (end) {
            file = null;
            from.close();
          }
          writeBody(exchange, piece, end && fileEnds);
          if (!released) {
            flush();
          }
          if (!released) {
            readFile();
          }
        },
        ByteBuf::release);
  }

  private static OffLoop.Work<ByteBuf> read(FilePart from, long position, int size) {
    return () -> {
      ByteBuf piece = buffer(size);
      boolean whole = false;
      try {
        while (piece.readableBytes() < size) {
          long at = position + piece.readableBytes();
          if (piece.writeBytes(from.channel(), at, size - piece.readableBytes()) <= 0) {
            break;
          }
        }
        whole = true;
        return piece;
      } finally {
        if (!whole) {
          piece.release();
        }
      }
    };
  }

  @Override
  public void writeEnd(Exchange exchange) {
    next().writeEnd(exchange);
  }

  @Override
  public void flush() {
    next().flush();
  }

  @Override
  public boolean isWritable() {
    return next().isWritable();
  }

  // ---- the rest goes through

  @Override
  public final Worker worker() {
    return next().worker();
  }

  @Override
  public final long connectionNumber() {
    return next().connectionNumber();
  }

  @Override
  public final long requestNumber() {
    return next().requestNumber();
  }

  @Override
  public final SocketAddress remoteAddress() {
    return next().remoteAddress();
  }

  @Override
  public final SocketAddress localAddress() {
    return next().localAddress();
  }

  @Override
  public final @Nullable ProxyHeader proxyHeader() {
    return next().proxyHeader();
  }

  @Override
  public final OptionalInt peerUser() {
    return next().peerUser();
  }

  @Override
  public final @Nullable TcpState tcpState() {
    return next().tcpState();
  }

  @Override
  public final long openedNanos() {
    return next().openedNanos();
  }

  @Override
  public final void writeHead(Exchange exchange, boolean last) {
    next().writeHead(exchange, last);
  }

  @Override
  public final void writeInformational(Exchange exchange, int status, ResponseHeaders fields) {
    next().writeInformational(exchange, status, fields);
  }

  @Override
  public final long bytesSent() {
    return next().bytesSent();
  }

  @Override
  public final void becomeTunnel(Exchange exchange, Tunnel tunnel) {
    next().becomeTunnel(exchange, tunnel);
  }

  @Override
  public final void writeTunnel(ByteBuf bytes) {
    next().writeTunnel(bytes);
  }

  @Override
  public final void flushTunnel() {
    next().flushTunnel();
  }

  @Override
  public final void closeTunnel() {
    next().closeTunnel();
  }

  @Override
  public final void readTunnel(boolean read) {
    next().readTunnel(read);
  }

  @Override
  public final void abort(Exchange exchange) {
    next().abort(exchange);
  }

  @Override
  public void breakOff(Exchange exchange) {
    next().breakOff(exchange);
  }

  @Override
  public final void settled(Exchange exchange) {
    next().settled(exchange);
  }

  @Override
  public final void readBody(Exchange exchange) {
    next().readBody(exchange);
  }

  @Override
  public final int discardBody(Exchange exchange) {
    return next().discardBody(exchange);
  }

  @Override
  public final void pauseBody(boolean pause) {
    next().pauseBody(pause);
  }
}

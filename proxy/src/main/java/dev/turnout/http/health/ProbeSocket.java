package dev.turnout.http.health;

import dev.turnout.log.Errno;
import dev.turnout.upstream.PeerAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The connection of a probe. Used by one virtual thread, which waits in it; a time limit closes it
/// from elsewhere. It is never one of the pools' connections.
final class ProbeSocket implements AutoCloseable {
  private static final String TIMED_OUT = "upstream timed out (110: Connection timed out)";

  private final SocketChannel channel;
  private volatile boolean expired;
  private long endNanos = Long.MAX_VALUE;
  private @Nullable Future<?> timer;

  private ProbeSocket(SocketChannel channel) {
    this.channel = channel;
  }

  /// Something went wrong on the way; the message is nginx's.
  static final class Broken extends Exception {
    private static final long serialVersionUID = 1L;

    Broken(String message) {
      super(message, null, false, false);
    }

    String text() {
      return String.valueOf(getMessage());
    }
  }

  /// Connects within `millis`.
  static ProbeSocket connect(PeerAddress address, long millis) throws Broken, InterruptedException {
    SocketChannel channel;
    try {
      channel =
          switch (address) {
            case PeerAddress.Inet _ -> SocketChannel.open();
            case PeerAddress.Unix _ -> SocketChannel.open(java.net.StandardProtocolFamily.UNIX);
            case PeerAddress.Unresolved name ->
                throw new IllegalStateException(name + " is no peer");
          };
    } catch (IOException e) {
      throw new Broken("socket() failed (" + Errno.describe(e) + ")");
    }
    ProbeSocket socket = new ProbeSocket(channel);
    try {
      socket.within(millis);
      if (address instanceof PeerAddress.Inet) {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      }
      channel.connect(socketAddress(address));
      return socket;
    } catch (IOException e) {
      socket.close();
      throw socket.broken("connect()", e);
    }
  }

  private static SocketAddress socketAddress(PeerAddress address) {
    return switch (address) {
      case PeerAddress.Inet inet ->
          new InetSocketAddress(inet.socket().getAddress(), inet.socket().getPort());
      case PeerAddress.Unix(String path) -> UnixDomainSocketAddress.of(path);
      case PeerAddress.Unresolved name -> throw new IllegalStateException(name + " is no peer");
    };
  }

  /// What is done from now on must be over in `millis`.
  void within(long millis) {
    Future<?> before = timer;
    if (before != null) {
      before.cancel(false);
    }
    long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
    if (endNanos != Long.MAX_VALUE) {
      nanos = Math.clamp(endNanos - System.nanoTime(), 0, nanos);
    }
    timer = ForkJoinPool.commonPool().schedule(this::expire, nanos, TimeUnit.NANOSECONDS);
  }

  /// All of the next probe must be over in `millis`, whatever its parts may take.
  void allWithin(long millis) {
    endNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    within(millis);
  }

  private void expire() {
    expired = true;
    closeChannel();
  }

  /// Sends all of `bytes`.
  void send(byte[] bytes) throws Broken, InterruptedException {
    ByteBuffer out = ByteBuffer.wrap(bytes);
    try {
      while (out.hasRemaining()) {
        channel.write(out);
      }
    } catch (IOException e) {
      throw broken("send()", e);
    }
  }

  /// Receives some bytes, or -1 at the end.
  int receive(byte[] into) throws Broken, InterruptedException {
    try {
      return channel.read(ByteBuffer.wrap(into));
    } catch (IOException e) {
      throw broken("recv()", e);
    }
  }

  /// True if the server has closed the connection by now; does not wait.
  boolean isClosedByPeer() throws Broken, InterruptedException {
    try {
      channel.configureBlocking(false);
      return channel.read(ByteBuffer.allocate(1)) < 0;
    } catch (IOException e) {
      throw broken("recv()", e);
    }
  }

  private Broken broken(String call, IOException failure) throws InterruptedException {
    if (failure instanceof ClosedByInterruptException) {
      throw new InterruptedException();
    }
    return new Broken(expired ? TIMED_OUT : call + " failed (" + Errno.describe(failure) + ")");
  }

  private void closeChannel() {
    try {
      channel.close();
    } catch (IOException _) {
      // it is closed all the same
    }
  }

  /// No time limit holds while it is kept for the next probe.
  void idle() {
    Future<?> before = timer;
    if (before != null) {
      before.cancel(false);
      timer = null;
    }
  }

  @Override
  public void close() {
    idle();
    closeChannel();
  }
}

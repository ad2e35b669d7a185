package dev.turnout.http;

import dev.turnout.net.TcpState;
import dev.turnout.net.Worker;
import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// What an exchange asks of the connection, or stream, that its request came on. Confined to the
/// exchange's loop.
public interface Downstream {
  /// The loop that the exchange lives on.
  Worker worker();

  /// The number of the connection, as in `$connection` and `*N` of the error log.
  long connectionNumber();

  /// The number of the request on its connection, from 1.
  long requestNumber();

  /// Where the client is.
  SocketAddress remoteAddress();

  /// The system's number of the user at the other end of a unix socket, as the kernel vouches for
  /// it; empty if the connection is none, or the transport cannot tell.
  default OptionalInt peerUser() {
    return OptionalInt.empty();
  }

  /// What the kernel knows about the client's TCP connection; null if it is none, or the transport
  /// cannot tell.
  default @Nullable TcpState tcpState() {
    return null;
  }

  /// Where the client connected to.
  SocketAddress localAddress();

  /// What a proxy in front said of the connection (the PROXY protocol), or null.
  @Nullable ProxyHeader proxyHeader();

  /// When the connection was accepted, by {@link System#nanoTime}.
  long openedNanos();

  /// Composes and writes the head of the exchange's response. `last` if no body follows.
  void writeHead(Exchange exchange, boolean last);

  /// Takes `body`: it is written, or released if the client is gone. `last` ends the response.
  void writeBody(Exchange exchange, ByteBuf body, boolean last);

  /// Writes a part of a file as body; `last` ends the response. Takes `file`.
  void writeFile(Exchange exchange, FilePart file, boolean last);

  /// Ends a response whose last part was written without `last`.
  void writeEnd(Exchange exchange);

  /// Writes an informational response (1xx) at once.
  void writeInformational(Exchange exchange, int status, ResponseHeaders fields);

  /// Sends what has been written so far.
  void flush();

  /// False while more is waiting to be sent than should be.
  boolean isWritable();

  /// Bytes that have been handed to the socket for this response, head included.
  long bytesSent();

  /// Turns the connection into a tunnel: bytes go through as they come from now on (101).
  void becomeTunnel(Exchange exchange, Tunnel tunnel);

  /// Takes bytes for the client of a tunnel.
  void writeTunnel(ByteBuf bytes);

  /// Sends what has been written into the tunnel.
  void flushTunnel();

  /// Closes the client's side of the tunnel once everything written is sent.
  void closeTunnel();

  /// Goes on or stops reading from the client of a tunnel.
  void readTunnel(boolean read);

  /// Closes the connection at once; what the client got is seen to be cut.
  void abort(Exchange exchange);

  /// There will be no more of the response: closes the connection when what there is has been sent.
  /// Whoever makes the response has let go of it.
  default void breakOff(Exchange exchange) {
    abort(exchange);
  }

  /// Nothing holds the exchange open any more: its background subrequests are over. If its response
  /// is out, it may end.
  void settled(Exchange exchange);

  /// The body is wanted now: deliver it to {@link Exchange#body()}.
  void readBody(Exchange exchange);

  /// True if all of the body has come with the head, or right behind it.
  default boolean isBodyAtHand() {
    return false;
  }

  /// Throws away what has come of a body that nobody reads; returns the status to answer with if
  /// that is malformed, else 0.
  int discardBody(Exchange exchange);

  /// Stops or goes on delivering the body.
  void pauseBody(boolean pause);
}

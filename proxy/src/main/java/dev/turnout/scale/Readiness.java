package dev.turnout.scale;

import dev.turnout.upstream.PeerAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/// How it is found out that a server that was started can take requests: it accepts a connection,
/// or answers a request for `uri` with 2xx or 3xx. Blocks: for virtual threads.
///
/// @param uri what is asked for; empty: a connection is enough
/// @param timeoutMillis how long a server may take from being started until it is ready
record Readiness(String uri, long timeoutMillis) {
  private static final long PAUSE_MILLIS = 200;
  private static final int TRY_MILLIS = 2000;

  /// Waits until the server is ready; false if it took too long.
  boolean await(PeerAddress address) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    while (!isReady(address)) {
      if (System.nanoTime() - end >= 0) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
    return true;
  }

  boolean isReady(PeerAddress address) {
    try {
      return switch (address) {
        case PeerAddress.Inet inet -> answers(inet.socket());
        case PeerAddress.Unix unix -> {
          try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            yield channel.connect(UnixDomainSocketAddress.of(unix.path()));
          }
        }
        case PeerAddress.Unresolved named ->
            answers(new InetSocketAddress(InetAddress.getByName(named.host()), named.port()));
      };
    } catch (IOException _) {
      return false;
    }
  }

  private boolean answers(InetSocketAddress address) throws IOException {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(TRY_MILLIS);
      socket.connect(address, TRY_MILLIS);
      if (uri.isEmpty()) {
        return true;
      }
      String request =
          "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n"
              .formatted(uri, address.getHostString());
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      byte[] head = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
      String status = new String(head, StandardCharsets.ISO_8859_1);
      return status.startsWith("HTTP/1.")
          && status.length() == 12
          && (status.charAt(9) == '2' || status.charAt(9) == '3');
    }
  }
}

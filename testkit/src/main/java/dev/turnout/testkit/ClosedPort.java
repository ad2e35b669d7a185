package dev.turnout.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/// A port of 127.0.0.1 that refuses connections. It is held, bound but not listening, so that
/// nobody else begins to listen on it meanwhile.
public final class ClosedPort implements AutoCloseable {
  private final Socket holder = new Socket();

  public ClosedPort() {
    try {
      holder.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return holder.getLocalPort();
  }

  /// `127.0.0.1:port`, as configurations want it.
  public String address() {
    return "127.0.0.1:" + port();
  }

  @Override
  public void close() throws IOException {
    holder.close();
  }
}

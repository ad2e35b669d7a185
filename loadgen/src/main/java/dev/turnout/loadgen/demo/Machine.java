package dev.turnout.loadgen.demo;

import dev.turnout.loadgen.backend.Backend;
import dev.turnout.loadgen.backend.Work;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A machine of the demo: on or off, and when it is switched on it takes a while until it serves.
final class Machine implements AutoCloseable {
  private final String name;
  private final int port;
  private final Work work;
  private final int threads;
  private final long bootMillis;
  private @Nullable Backend server; // guarded by this
  private long poweredMillis;
  private long onSince;

  Machine(String name, Work work, int threads, long bootMillis) throws IOException {
    this.name = name;
    this.work = work;
    this.threads = threads;
    this.bootMillis = bootMillis;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
  }

  String name() {
    return name;
  }

  int port() {
    return port;
  }

  synchronized boolean isOn() {
    return server != null;
  }

  /// Milliseconds for which it has had power.
  synchronized long poweredMillis() {
    return poweredMillis + (onSince == 0 ? 0 : System.currentTimeMillis() - onSince);
  }

  /// Switches it on, if it is not, and returns when it serves.
  void start(boolean atOnce) throws IOException, InterruptedException {
    synchronized (this) {
      if (onSince == 0) {
        onSince = System.currentTimeMillis();
      }
    }
    if (!atOnce) {
      TimeUnit.MILLISECONDS.sleep(bootMillis);
    }
    synchronized (this) {
      if (server == null && onSince != 0) { // it may have been switched off meanwhile
        server = Backend.start(InetAddress.getLoopbackAddress(), port, name, work, threads);
      }
    }
  }

  /// Switches it off, if it is on.
  synchronized void stop() {
    if (server != null) {
      server.close();
      server = null;
    }
    if (onSince != 0) {
      poweredMillis += System.currentTimeMillis() - onSince;
      onSince = 0;
    }
  }

  @Override
  public void close() {
    stop();
  }
}

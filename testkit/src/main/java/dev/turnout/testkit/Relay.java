package dev.turnout.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A port of 127.0.0.1 that leads to another one, until the way is cut, or holds what comes.
/// Guarded by its own monitor.
public final class Relay implements AutoCloseable {
  private final ServerSocket listener;
  private final int to;
  private final List<Socket> sockets = new ArrayList<>();
  private boolean cut;
  private boolean holding;
  private long delayNanos;
  private boolean closed;
  private int connections;

  /// Leads to this port.
  public Relay(int to) {
    this.to = to;
    try {
      listener = new ServerSocket(0, 100, InetAddress.ofLiteral("127.0.0.1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().name("relay").start(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  private void accept() {
    while (true) {
      Socket client;
      try {
        client = listener.accept();
      } catch (IOException _) {
        return; // closed
      }
      Thread.ofVirtual().start(() -> connect(client));
    }
  }

  private void connect(Socket client) {
    try {
      synchronized (this) {
        connections++;
        if (cut) {
          client.setSoLinger(true, 0);
          client.close();
          return;
        }
        sockets.add(client);
      }
      Socket server = new Socket();
      server.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), to));
      synchronized (this) {
        sockets.add(server);
        if (cut || closed) {
          client.close();
          server.close();
          return;
        }
      }
      Thread.ofVirtual().start(() -> copy(client, server));
      Thread.ofVirtual().start(() -> copy(server, client));
    } catch (IOException _) {
      close(client);
    }
  }

  private void copy(Socket from, Socket into) {
    byte[] bytes = new byte[65_536];
    try {
      for (int n = from.getInputStream().read(bytes);
          n >= 0;
          n = from.getInputStream().read(bytes)) {
        awaitFlow();
        into.getOutputStream().write(bytes, 0, n);
      }
    } catch (IOException _) {
      // one of them is gone, and so is the other
    }
    close(from);
    close(into);
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException _) {
      // it is
    }
  }

  private synchronized void awaitFlow() throws IOException {
    try {
      long due = System.nanoTime() + delayNanos;
      for (long left = delayNanos; left > 0 && !closed && !cut; left = due - System.nanoTime()) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
      while (holding && !closed && !cut) {
        wait();
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /// How often someone has come.
  public synchronized int connections() {
    return connections;
  }

  /// From now on connections are reset, those that are open too.
  public synchronized void cut() {
    cut = true;
    sockets.forEach(Relay::close);
    sockets.clear();
    notifyAll();
  }

  /// From now on nothing comes through, and nothing is lost.
  public synchronized void hold() {
    holding = true;
  }

  /// From now on whatever comes through, in either direction, comes later.
  public synchronized void delay(long millis) {
    delayNanos = TimeUnit.MILLISECONDS.toNanos(millis);
  }

  /// The way is free again.
  public synchronized void heal() {
    cut = false;
    holding = false;
    delayNanos = 0;
    notifyAll();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      sockets.forEach(Relay::close);
      notifyAll();
    }
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

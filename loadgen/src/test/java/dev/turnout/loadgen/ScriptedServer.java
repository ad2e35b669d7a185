package dev.turnout.loadgen;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// A server that answers the n-th request with whatever bytes the test says, one thread a
/// connection. It can be stopped in its tracks, as a collection or a full disk would.
final class ScriptedServer implements Closeable {
  /// The bytes that answer request number `n`, counted from 0 over all connections. An empty answer
  /// closes the connection.
  interface Script {
    String answer(int n);
  }

  private final ServerSocket socket;
  private final Script script;
  private final AtomicInteger requests = new AtomicInteger();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  // Answers take the read lock, a stall takes the write lock.
  private final ReentrantReadWriteLock stall = new ReentrantReadWriteLock();

  private ScriptedServer(Script script) throws IOException {
    this.script = script;
    socket = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  static ScriptedServer answering(Script script) {
    try {
      return new ScriptedServer(script);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String ok() {
    return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  }

  Target target() {
    return Target.of(url());
  }

  String url() {
    return "http://127.0.0.1:" + socket.getLocalPort() + "/";
  }

  int requests() {
    return requests.get();
  }

  /// Answers nobody until the returned lock is closed. Also holds what is being answered.
  Closeable stopAnswering() {
    stall.writeLock().lock();
    return () -> stall.writeLock().unlock();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = socket.accept();
        open.add(client);
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException e) {
      // closed: the test is over
    }
  }

  private void serve(Socket client) {
    try (client) {
      client.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(client.getInputStream());
      while (readHead(in)) {
        String answer;
        stall.readLock().lock();
        try {
          answer = script.answer(requests.getAndIncrement());
        } finally {
          stall.readLock().unlock();
        }
        if (answer.isEmpty()) {
          return;
        }
        client.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
      }
    } catch (IOException e) {
      // the client is gone
    } finally {
      open.remove(client);
    }
  }

  private static boolean readHead(InputStream in) throws IOException {
    int last = 0;
    for (int b = in.read(); b >= 0; b = in.read()) {
      last = last << 8 | b;
      if (last == 0x0d0a0d0a) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() throws IOException {
    socket.close();
    for (Socket client : open) {
      client.close();
    }
  }
}

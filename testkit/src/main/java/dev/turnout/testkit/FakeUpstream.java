package dev.turnout.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A server on a port of 127.0.0.1 that does what the test says, one virtual thread a connection,
/// and records every request byte for byte. What a script throws is thrown again by [#close].
public final class FakeUpstream implements AutoCloseable {
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  /// What happens on one connection. When it returns, the connection is closed.
  @FunctionalInterface
  public interface Script {
    void play(ServedConnection connection) throws Exception;
  }

  /// What happens at one request.
  @FunctionalInterface
  public interface Answer {
    void give(RecordedRequest request, ServedConnection connection) throws Exception;
  }

  private final ServerSocket listener;
  private final Script script;
  private final boolean remembers;
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicLong served = new AtomicLong();
  // Guarded by this:
  private final List<RecordedRequest> requests = new ArrayList<>();
  private final List<ServedConnection> connections = new ArrayList<>();
  private final Set<Socket> open = new HashSet<>();
  private @Nullable Throwable failure;
  private boolean closed;

  private FakeUpstream(Script script, boolean remembers) {
    this.script = script;
    this.remembers = remembers;
    try {
      listener = new ServerSocket(0, 4096, InetAddress.ofLiteral("127.0.0.1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().name("upstream").start(this::accept);
  }

  /// Answers `200` with this body, and keeps connections alive.
  public static FakeUpstream answering(String body) {
    return answering(200, List.of(), body);
  }

  /// Answers like this, with a Content-Length, and keeps connections alive.
  public static FakeUpstream answering(int status, List<Field> headers, String body) {
    String whole = Answers.of(status, headers, body);
    return each((request, connection) -> connection.send(fitting(request, whole, body.length())));
  }

  /// Answers its name: what tells it from its siblings.
  public static FakeUpstream named(String name) {
    return answering(name);
  }

  /// Answers its name but remembers of the requests only their number: for load.
  public static FakeUpstream namedForLoad(String name) {
    String whole = Answers.ok(name);
    return new FakeUpstream(answering((_, connection) -> connection.send(whole)), false);
  }

  /// Answers the first request with the first of these bytes, and so on over all connections; the
  /// last of them over and over.
  public static FakeUpstream raw(String... answers) {
    AtomicInteger next = new AtomicInteger();
    return each((_, connection) ->
        connection.send(answers[Math.min(next.getAndIncrement(), answers.length - 1)]));
  }

  /// Agrees to every upgrade, with the protocol that was asked for, and then echoes.
  public static FakeUpstream echoingAfterUpgrade() {
    return each((request, connection) -> {
      String protocol = request.headers().get("Upgrade").orElse("none");
      connection.send(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: "
              + protocol
              + "\r\n\r\n");
      connection.echo();
    });
  }

  /// Does this at every request; connections stay until the peer leaves or the answer closes.
  public static FakeUpstream each(Answer answer) {
    return scripted(answering(answer));
  }

  /// Does this on every connection.
  public static FakeUpstream scripted(Script script) {
    return new FakeUpstream(script, true);
  }

  private static Script answering(Answer answer) {
    return connection -> {
      for (RecordedRequest r = connection.read(); r != null; r = connection.read()) {
        answer.give(r, connection);
      }
    };
  }

  private static String fitting(RecordedRequest request, String whole, int bodyLength) {
    return request.method().equals("HEAD")
        ? whole.substring(0, whole.length() - bodyLength)
        : whole;
  }

  public int port() {
    return listener.getLocalPort();
  }

  /// `127.0.0.1:port`, as configurations want it.
  public String address() {
    return "127.0.0.1:" + port();
  }

  /// The requests that were read whole so far.
  public synchronized List<RecordedRequest> requests() {
    return List.copyOf(requests);
  }

  /// How many requests were read whole; known even when none is remembered.
  public long requestCount() {
    return served.get();
  }

  /// How many connections were accepted.
  public int connectionCount() {
    return accepted.get();
  }

  /// Every byte that came, connection by connection, whole requests or not.
  public synchronized List<String> received() {
    return connections.stream().map(ServedConnection::received).toList();
  }

  /// Forgets what was recorded; counts go on.
  public synchronized void forgetRequests() {
    requests.clear();
  }

  /// Waits until at least so many requests are recorded.
  public synchronized List<RecordedRequest> awaitRequests(int count) throws InterruptedException {
    long end = System.nanoTime() + LONGEST_WAIT.toNanos();
    while (requests.size() < count) {
      long millis = (end - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        throw new AssertionError(requests.size() + " requests came of " + count + ": " + requests);
      }
      wait(millis);
    }
    return List.copyOf(requests);
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listener.accept();
        int number = accepted.getAndIncrement();
        if (keep(socket)) {
          Thread.ofVirtual().name("upstream-" + number).start(() -> serve(number, socket));
        }
      }
    } catch (IOException _) {
      // closed: the test is over
    }
  }

  private synchronized boolean keep(Socket socket) throws IOException {
    if (closed) {
      socket.close();
      return false;
    }
    return open.add(socket);
  }

  private void serve(int number, Socket socket) {
    try (socket) {
      ServedConnection connection = new ServedConnection(number, socket, remembers, this::record);
      if (remembers) {
        synchronized (this) {
          connections.add(connection);
        }
      }
      play(connection);
    } catch (IOException _) {
      // the proxy may leave at any time; what it must not do shows in the requests
    } finally {
      synchronized (this) {
        open.remove(socket);
      }
    }
  }

  /// What fails is noted before the connection closes: whoever sees the end may ask at once.
  private void play(ServedConnection connection) throws IOException {
    try {
      script.play(connection);
    } catch (IOException e) {
      throw e;
    } catch (Exception | AssertionError e) {
      fail(e);
    }
  }

  private void record(RecordedRequest request) {
    served.incrementAndGet();
    if (remembers) {
      synchronized (this) {
        requests.add(request);
        notifyAll();
      }
    }
  }

  private synchronized void fail(Throwable e) {
    if (failure == null && !closed) { // what breaks because the test is over is no failure
      failure = e;
    }
  }

  @Override
  public void close() {
    List<Socket> left;
    Throwable broken;
    synchronized (this) {
      closed = true;
      left = List.copyOf(open);
      broken = failure;
    }
    try {
      listener.close();
      for (Socket socket : left) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (broken != null) {
      throw new AssertionError("the upstream's script failed", broken);
    }
  }
}

package dev.turnout.admin.control;

import dev.turnout.testkit.Answers;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/// A server whose requests run until the test lets one after the other go.
final class Holding implements AutoCloseable {
  private final Semaphore arrived = new Semaphore(0);
  private final Semaphore allowed = new Semaphore(0);
  private final List<RawClient> clients = new ArrayList<>();
  private final FakeUpstream upstream =
      FakeUpstream.each((_, connection) -> {
        arrived.release();
        allowed.acquire();
        connection.send(Answers.ok("held"));
      });

  String address() {
    return upstream.address();
  }

  /// Sends a request through the proxy; it is at the server when this returns.
  RawClient request(int port) throws IOException {
    RawClient client = RawClient.connect(port);
    clients.add(client);
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    arrived.acquireUninterruptibly();
    return client;
  }

  /// Lets a request go.
  void letGo() {
    allowed.release();
  }

  @Override
  public void close() {
    allowed.release(1000);
    for (RawClient client : clients) {
      try {
        client.close();
      } catch (IOException _) {
        // it is closed
      }
    }
    upstream.close();
  }
}

package dev.turnout.http.health;

import dev.turnout.testkit.Answers;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RecordedRequest;
import java.util.List;

/// A server whose answers a test changes while it is probed.
final class Switchable implements AutoCloseable {
  private final FakeUpstream server;
  private volatile String answer = Answers.ok("well");

  Switchable() {
    server = FakeUpstream.each((_, connection) -> connection.send(answer));
  }

  /// From now on it answers like this.
  Switchable answer(int status, String body) {
    return raw(Answers.of(status, List.of(), body));
  }

  Switchable raw(String bytes) {
    answer = bytes;
    return this;
  }

  FakeUpstream server() {
    return server;
  }

  String address() {
    return server.address();
  }

  int port() {
    return server.port();
  }

  List<RecordedRequest> awaitRequests(int count) throws InterruptedException {
    return server.awaitRequests(count);
  }

  @Override
  public void close() {
    server.close();
  }
}

package dev.turnout.http.proxy;

import static dev.turnout.http.proxy.Configurations.proxying;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Connections that go over to another protocol.
class UpgradeIT {
  private static final String ASK =
      "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
  private static final String AGREED =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\nX-Key: k\r\n\r\n";
  private static final String[] SETTINGS = {
    "proxy_set_header Upgrade $http_upgrade;", "proxy_set_header Connection upgrade;",
  };

  private static TestProxy proxy(FakeUpstream upstream, String... more) {
    String[] all = java.util.Arrays.copyOf(SETTINGS, SETTINGS.length + more.length);
    System.arraycopy(more, 0, all, SETTINGS.length, more.length);
    return TestProxy.start(proxying(upstream.address(), all));
  }

  private static void everythingIsOver(TestProxy proxy) throws Exception {
    Eventually.until(
        Duration.ofSeconds(10),
        () -> proxy.counters().activeNow() == 0 && proxy.counters().writingNow() == 0,
        () -> "the tunnel stays");
    var upstream = proxy.upstreams().find("u");
    assertThat(upstream).isNotNull();
    assertThat(upstream.current().peers()).allMatch(peer -> peer.active() == 0);
  }

  @Test
  void bytesGoThroughBothWays() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.echoingAfterUpgrade();
        TestProxy proxy = proxy(upstream)) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        RawResponse response = client.send(ASK).readResponse();
        assertThat(response.status()).isEqualTo(101);
        assertThat(response.headers().get("Upgrade")).contains("echo");
        assertThat(response.headers().all("Connection")).containsExactly("upgrade");
        assertThat(response.headers().has("Content-Length")).isFalse();
        for (int i = 0; i < 10; i++) {
          assertThat(client.send("ping" + i).readBytes(5)).isEqualTo("ping" + i);
        }
        String large = "0123456789".repeat(20_000);
        Thread.ofVirtual().start(() -> send(client, large));
        assertThat(client.readBytes(large.length())).isEqualTo(large);
      }
      everythingIsOver(proxy);
    }
  }

  private static void send(RawClient client, String bytes) {
    try {
      client.send(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void dataRightBehindTheAgreementIsNotLost() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send(AGREED + "first words");
              assertThat(connection.readBytes(6)).isEqualTo("answer");
            });
        TestProxy proxy = proxy(upstream);
        RawClient client = RawClient.connect(proxy.port())) {
      RawResponse response = client.send(ASK).readResponse();
      assertThat(response.headers().get("X-Key")).contains("k");
      assertThat(client.readBytes(11)).isEqualTo("first words");
      client.send("answer");
      assertThat(client.readUntilClose()).isEmpty();
      everythingIsOver(proxy);
    }
  }

  @Test
  void dataSentAheadOfTheAgreementIsNotLost() throws Exception {
    CountDownLatch ahead = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              ahead.await(10, TimeUnit.SECONDS);
              connection.send(AGREED);
              connection.echo();
            });
        TestProxy proxy = proxy(upstream);
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(ASK + "early");
      upstream.awaitRequests(1);
      client.send("bird");
      ahead.countDown();
      assertThat(client.readResponse().status()).isEqualTo(101);
      assertThat(client.readBytes(9)).isEqualTo("earlybird");
    }
  }

  @Test
  void whatTheClientSaysLastArrives() throws Exception {
    String last = "0123456789".repeat(300_000);
    CompletableFuture<String> heard = new CompletableFuture<>();
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send(AGREED);
              new CountDownLatch(1).await(50, TimeUnit.MILLISECONDS); // let it pile up
              heard.complete(connection.awaitClose());
            });
        TestProxy proxy = proxy(upstream)) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        assertThat(client.send(ASK).readResponse().status()).isEqualTo(101);
        client.send(last).halfClose();
        assertThat(heard.get(20, TimeUnit.SECONDS).equals(last)).isTrue();
      }
      everythingIsOver(proxy);
    }
  }

  @Test
  void whatTheServerSaysLastArrives() throws Exception {
    String last = "0123456789".repeat(300_000);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send(AGREED + last);
            });
        TestProxy proxy = proxy(upstream);
        RawClient client = RawClient.connectWithBuffer(proxy.port(), 8_192)) {
      assertThat(client.send(ASK).readResponse().status()).isEqualTo(101);
      assertThat(client.readUntilClose().equals(last)).isTrue();
      everythingIsOver(proxy);
    }
  }

  @Test
  void aClientThatVanishesEndsTheTunnel() throws Exception {
    CountDownLatch left = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send(AGREED);
              connection.awaitClose();
              left.countDown();
            });
        TestProxy proxy = proxy(upstream);
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.send(ASK).readResponse().status()).isEqualTo(101);
      client.reset();
      assertThat(left.await(10, TimeUnit.SECONDS)).isTrue();
      everythingIsOver(proxy);
    }
  }

  @Test
  void aSilentTunnelEnds() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.echoingAfterUpgrade();
        TestProxy proxy = proxy(upstream, "proxy_read_timeout 50ms;");
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.send(ASK).readResponse().status()).isEqualTo(101);
      assertThat(client.readUntilClose()).isEmpty();
      everythingIsOver(proxy);
      assertThat(proxy.errorLog())
          .contains(
              "upstream timed out (110: Connection timed out) while proxying upgraded connection");
    }
  }

  @Test
  void aServerMayDecline() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.raw(Answers.ok("no, thanks"));
        TestProxy proxy = proxy(upstream);
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.send(ASK).readResponse().body()).isEqualTo("no, thanks");
      assertThat(client.send(ASK).readResponse().body()).isEqualTo("no, thanks");
    }
  }

  @Test
  void aTunnelOutlivesAReload() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.echoingAfterUpgrade();
        FakeUpstream next = FakeUpstream.named("next");
        TestProxy proxy = proxy(upstream);
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.send(ASK).readResponse().status()).isEqualTo(101);
      assertThat(proxy.reload(proxying(next.address()))).isTrue();
      assertThat(client.send("still").readBytes(5)).isEqualTo("still");
      assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("next");
    }
  }
}

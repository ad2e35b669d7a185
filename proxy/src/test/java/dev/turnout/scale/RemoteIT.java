package dev.turnout.scale;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.autoscaler.remote.Main;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.upstream.PeerSpec;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import picocli.CommandLine;

/// The autoscaler beside a node, through the API of NGINX Plus.
@Timeout(90)
class RemoteIT {
  private final Semaphore arrived = new Semaphore(0);
  private final Semaphore allowed = new Semaphore(0);
  private final BlockingQueue<Object> changes = new LinkedBlockingQueue<>();

  private FakeUpstream backend() {
    return FakeUpstream.each((_, connection) -> {
      arrived.release();
      allowed.acquire();
      connection.send(Answers.ok("done"));
    });
  }

  private void await(BooleanSupplier holds) throws InterruptedException {
    while (!holds.getAsBoolean()) {
      assertThat(changes.poll(60, TimeUnit.SECONDS)).isNotNull();
    }
  }

  @Test
  void serversFollowTheLoad() throws Exception {
    try (FakeUpstream one = backend();
        FakeUpstream two = backend();
        TestProxy proxy =
            TestProxy.start(
                """
                upstream app { zone app 64k; server %s; server %s down; pack 2; }
                server {
                  listen 127.0.0.1:0;
                  server_name 127.0.0.1;
                  location /api { api write=on; }
                  location / { proxy_pass http://app; }
                }
                """
                    .formatted(one.address(), two.address()))) {
      proxy.writer().watch(changes::add);
      StringWriter out = new StringWriter();
      Thread scaler =
          Thread.ofVirtual()
              .start(() ->
                  new CommandLine(new Main())
                      .setOut(new PrintWriter(out))
                      .execute(
                          "http://127.0.0.1:" + proxy.port() + "/api/9",
                          "app",
                          "--packing=2",
                          "--spares=0",
                          "--t-wait=0.5",
                          "--interval=0.1"));
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        RawClient client = RawClient.connect(proxy.port());
        clients.add(client);
        client.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        arrived.acquireUninterruptibly();
      }

      await(() -> !second(proxy).down());
      allowed.release(1000);
      await(() -> second(proxy).down());

      assertThat(server(proxy, 0).down()).isFalse();
      scaler.interrupt();
      scaler.join();
      assertThat(out.toString()).contains("starting " + two.address(), "draining " + two.address());
      for (RawClient client : clients) {
        client.close();
      }
    } finally {
      allowed.release(1000);
    }
  }

  private static PeerSpec second(TestProxy proxy) {
    return server(proxy, 1);
  }

  private static PeerSpec server(TestProxy proxy, int index) {
    return Objects.requireNonNull(proxy.upstreams().find("app"))
        .current()
        .spec()
        .servers()
        .get(index);
  }

  @Test
  void anApiThatIsNotThereIsSaidOnceAndChangesNothing() throws Exception {
    StringWriter err = new StringWriter();
    try (ClosedPort closed = new ClosedPort()) {
      int status =
          new CommandLine(new Main())
              .setErr(new PrintWriter(err))
              .execute(
                  "http://" + closed.address() + "/api/9", "app", "--interval=0.1", "--for=0.5");

      assertThat(status).isEqualTo(3);
      assertThat(err.toString().lines()).hasSize(1);
    }
  }
}

package dev.turnout.control;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.net.Worker;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What has only interfaces for operators is served by a loop of its own, whatever the others do.
@Timeout(60)
class ManagementLoopIT {
  @TempDir private Path directory;

  /// @param more locations beside that of the API
  private String config(String more) {
    return """
    upstream app { server 127.0.0.1:1; }
    server { listen 127.0.0.1:0; location / { return 200 "%s"; } }
    server {
      listen unix:%s/ctl.sock;
      location /control { control_api write=on; }
      location /metrics { prometheus; }
      location = /status { stub_status; }
      location /api { api; location /api/9/nginx { api; } }
      %s
    }
    """
        .formatted(more.length(), directory, more);
  }

  private String ask(String path) throws IOException {
    String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(directory.resolve("ctl.sock")));
      channel.write(ByteBuffer.wrap(request.getBytes(US_ASCII)));
      return new String(Channels.newInputStream(channel).readAllBytes(), US_ASCII);
    }
  }

  /// Whether the loop for operators takes a connection.
  private boolean isApart(TestProxy proxy) throws IOException {
    long before = taken(proxy);
    assertThat(ask("/control/")).contains("turnout-control/1");
    return taken(proxy) > before;
  }

  /// Of all connections those that no loop for requests took.
  private static long taken(TestProxy proxy) {
    NodeStatus status = proxy.status();
    return status.connections().accepted()
        - status.workers().stream().mapToLong(worker -> worker.connections().accepted()).sum();
  }

  /// The loops that serve requests do nothing else until it is closed.
  private record Stuck(CountDownLatch end) implements AutoCloseable {
    static Stuck allOf(TestProxy proxy) throws InterruptedException {
      CountDownLatch end = new CountDownLatch(1);
      CountDownLatch blocked = new CountDownLatch(proxy.workers().serving().size());
      for (Worker worker : proxy.workers().serving()) {
        worker
            .loop()
            .execute(() -> {
              blocked.countDown();
              try {
                end.await();
              } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
              }
            });
      }
      blocked.await();
      return new Stuck(end);
    }

    @Override
    public void close() {
      end.countDown();
    }
  }

  @Test
  void anOperatorIsAnsweredWhileEveryLoopForRequestsIsStuck() throws Exception {
    try (TestProxy proxy = TestProxy.start(config(""), 2)) {
      try (Stuck stuck = Stuck.allOf(proxy)) {
        assertThat(stuck.end().getCount()).isOne();
        assertThat(ask("/control/")).contains("turnout-control/1");
        assertThat(ask("/status")).contains("Active connections");
      }
      assertThat(RawClient.get(proxy.port(), "a", "/").body()).isEqualTo("0");
    }
  }

  @Test
  void whatHasSomethingElseIsServedLikeAllUntilAReloadTakesThatAway() throws Exception {
    try (TestProxy proxy = TestProxy.start(config("location / { return 200 x; }"), 2)) {
      assertThat(isApart(proxy)).isFalse();

      assertThat(proxy.reload(config(""))).isTrue();
      assertThat(isApart(proxy)).isTrue();

      assertThat(proxy.reload(config("location /x { root /nowhere; }"))).isTrue();
      assertThat(isApart(proxy)).isFalse();
    }
  }

  @Test
  void scriptsAreRunWhereTheirVmsAre() throws Exception {
    String script =
        "access_by_lua_block { ngx.header.x = ngx.worker.id() .. '/' .. ngx.worker.count() } ";
    try (TestProxy proxy = TestProxy.start(script + config(""), 1)) {
      assertThat(isApart(proxy)).isFalse();
      assertThat(ask("/control/")).containsIgnoringCase("\r\nx: 0/1\r\n");
    }
  }
}

package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The autoscaler in the built program.
class AutoscaleIT {
  private static final Duration BOUND = Duration.ofSeconds(60);

  private final Semaphore arrived = new Semaphore(0);
  private final Semaphore allowed = new Semaphore(0);

  private FakeUpstream backend() {
    return FakeUpstream.each((_, connection) -> {
      arrived.release();
      allowed.acquire();
      connection.send(Answers.ok("done"));
    });
  }

  private void hold(Turnout turnout, List<RawClient> clients, int requests) throws IOException {
    for (int i = 0; i < requests; i++) {
      RawClient client = RawClient.connect(turnout.port());
      clients.add(client);
      client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      arrived.acquireUninterruptibly();
    }
  }

  private static String get(Turnout turnout, String path) throws IOException {
    return RawClient.get(turnout.port(), "localhost", path).body() + "";
  }

  @Test
  @Timeout(300)
  void aKilledNodeComesBackWithTheServersThatTheLoadNeeded() throws Exception {
    List<RawClient> clients = new ArrayList<>();
    try (FakeUpstream one = backend();
        FakeUpstream two = backend();
        FakeUpstream three = backend();
        Turnout turnout =
            Turnout.start(
                """
                upstream app {
                  server %s; server %s down; server %s down;
                  pack 2;
                  autoscale just_enough packing=2 spares=0 t_wait=1h interval=100ms;
                }
                server {
                  listen 127.0.0.1:@PORT@;
                  server_name localhost;
                  location /control { control_api write=on; }
                  location / { proxy_pass http://app; }
                }
                """
                    .formatted(one.address(), two.address(), three.address()))) {
      hold(turnout, clients, 5);
      Eventually.until(
          BOUND,
          () -> !get(turnout, "/control/upstreams/app/servers").contains("\"down\":true"),
          () -> "not all servers were started");

      turnout.kill();
      turnout.start();

      // nothing has been looked at yet, or little: what was on is on
      assertThat(get(turnout, "/control/upstreams/app/servers")).doesNotContain("\"down\":true");
      assertThat(get(turnout, "/control/revisions"))
          .contains("\"dialect\":\"autoscale\"", "\"who\":\"autoscaler\"", "in system");
      allowed.release(1000);
    } finally {
      allowed.release(1000);
      for (RawClient client : clients) {
        client.close();
      }
    }
  }

  /// Killed while a server is being started, and while one is drained: what was begun is done.
  @Test
  @Timeout(300)
  void whatAKilledNodeWasDoingIsDoneByTheNext(@TempDir Path directory) throws Exception {
    Path starts = directory.resolve("starts");
    Path slow = directory.resolve("slow");
    Files.writeString(slow, "#!/bin/sh\necho start >> " + starts + "\n[ -e $0.go ] || sleep 600\n");
    assertThat(slow.toFile().setExecutable(true)).isTrue();
    List<RawClient> clients = new ArrayList<>();
    try (FakeUpstream one = backend();
        FakeUpstream two = backend();
        Turnout turnout =
            Turnout.start(
                """
                state_directory state;
                upstream app {
                  server %s; server %s down;
                  pack 2;
                  autoscale just_enough packing=2 spares=0 t_wait=1s interval=100ms;
                  autoscale_start %s timeout=20m;
                }
                server {
                  listen 127.0.0.1:@PORT@;
                  server_name localhost;
                  location /control { control_api write=on; }
                  location / { proxy_pass http://app; }
                }
                """
                    .formatted(one.address(), two.address(), slow))) {
      hold(turnout, clients, 4);
      Eventually.until(BOUND, () -> Files.exists(starts), () -> "no start");

      turnout.kill(); // in the middle of the start
      Files.createFile(directory.resolve("slow.go"));
      turnout.start();
      assertThat(get(turnout, "/control/upstreams/app/servers")).contains("\"down\":true");
      hold(turnout, clients, 4);
      Eventually.until(
          BOUND,
          () -> !get(turnout, "/control/upstreams/app/servers").contains("\"down\":true"),
          () -> "the server was not started");
      assertThat(Files.readAllLines(starts)).hasSizeGreaterThanOrEqualTo(2);

      hold(turnout, clients, 1); // at the second server
      allowed.release(8); // those before it
      Eventually.until(
          BOUND,
          () -> get(turnout, "/control/upstreams/app/servers").contains("\"drain\":true"),
          () -> "no drain");
      turnout.kill(); // in the middle of the drain
      turnout.start();
      Eventually.until(
          BOUND,
          () -> {
            String servers = get(turnout, "/control/upstreams/app/servers");
            return servers.contains("\"down\":true") && !servers.contains("\"drain\":true");
          },
          () -> "the drain was not taken up");

      assertThat(get(turnout, "/control/revisions"))
          .contains("starting " + two.address(), "draining " + two.address())
          .contains("\"who\":\"autoscaler\"");
      assertThat(get(turnout, "/control/upstreams/app/servers")).contains(one.address());
      allowed.release(1000); // or the node would wait for them
    } finally {
      allowed.release(1000);
      for (RawClient client : clients) {
        client.close();
      }
    }
  }

  /// A short form of what `turnout demo` shows: servers come and go under a day of load, and no
  /// request fails.
  @Test
  @Timeout(300)
  void theDemoRunsADayWithoutAFailedRequest() throws Exception {
    Turnout.Ended ended =
        Turnout.run("demo", "--duration", "20", "--boot", "0.5", "--once", "--port", "0");

    assertThat(ended.output()).contains("starting b2", "is switched on", "the day is over");
    assertThat(ended.output()).contains(" 0 errors, 0 failures");
    assertThat(ended.status()).as(ended.output()).isZero();
  }
}

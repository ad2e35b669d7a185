package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// A flood of made-up Host values: reading is not writing, so it moves no switch, fills no memory
/// and no log.
class HostFloodIT {
  private static final int HOSTS = Campaign.size("hosts", 50_000, 1_000_000);
  private static final int CONNECTIONS = 16;
  private static final int PIPELINED = 20;
  private static final int SWITCHED = 100;
  private static final long MOST_GROWTH_KIB = 64 * 1024;
  private static final long MOST_LOG_BYTES = 64 * 1024;

  @Test
  void aFloodOfHostsLeavesSwitchesMemoryAndLogAlone() throws Exception {
    try (var upstream = FakeUpstream.namedForLoad("b1");
        var turnout =
            Turnout.startForLoad(
                SwitchSite.of(SwitchSite.group(SwitchSite.DEFAULT_GROUP, upstream.address())))) {
      for (int i = 0; i < SWITCHED; i++) {
        RawResponse answer =
            RawClient.get(turnout.port(), switched(i), SwitchSite.switchTo(target(i)));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      }
      flood(
          turnout.port(),
          "warm",
          HOSTS / 2); // what the JVM takes for being warm is not the flood's
      long memoryBefore = turnout.residentKib();
      long logBefore = turnout.errorLogSize();
      String stateBefore = turnout.read("state/switch.json");
      long began = System.nanoTime();

      flood(turnout.port(), "flood", HOSTS);

      double seconds = (System.nanoTime() - began) / 1e9;
      long memoryGrowth = turnout.residentKib() - memoryBefore;
      long logGrowth = turnout.errorLogSize() - logBefore;
      Campaign.report(
          "host flood",
          "%d hosts in %.1f s; resident %d KiB before, %+d KiB; error log %+d bytes"
              .formatted(HOSTS, seconds, memoryBefore, memoryGrowth, logGrowth));
      for (int i = 0; i < SWITCHED; i++) {
        assertThat(SwitchSite.which(turnout.port(), switched(i))).isEqualTo(target(i));
      }
      assertThat(turnout.read("state/switch.json")).isEqualTo(stateBefore);
      assertThat(memoryGrowth).isLessThan(MOST_GROWTH_KIB);
      assertThat(logGrowth).isLessThan(MOST_LOG_BYTES);
    }
  }

  private static String switched(int i) {
    return "operator-" + i + ".test";
  }

  private static String target(int i) {
    return "127.0.0.1:" + (2000 + i);
  }

  private static void flood(int port, String name, int hosts)
      throws InterruptedException, ExecutionException {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Void>> parts = new ArrayList<>();
      for (int c = 0; c < CONNECTIONS; c++) {
        String domain = "." + name + c + ".test";
        parts.add(
            executor.submit(() -> {
              ask(port, domain, hosts / CONNECTIONS / PIPELINED);
              return null;
            }));
      }
      for (Future<Void> part : parts) {
        part.get();
      }
    }
  }

  private static void ask(int port, String domain, int rounds) throws Exception {
    try (RawClient client = RawClient.connect(port)) {
      for (int round = 0; round < rounds; round++) {
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < PIPELINED; i++) {
          requests
              .append("GET / HTTP/1.1\r\nHost: h")
              .append(round * PIPELINED + i)
              .append(domain)
              .append("\r\n\r\n");
        }
        client.send(requests.toString());
        for (int i = 0; i < PIPELINED; i++) {
          RawResponse response = client.readResponse();
          if (response.status() != 200 || !response.body().equals("b1")) {
            throw new AssertionError(response.raw());
          }
        }
      }
    }
  }
}

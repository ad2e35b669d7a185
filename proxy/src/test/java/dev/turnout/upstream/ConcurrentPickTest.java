package dev.turnout.upstream;

import static dev.turnout.upstream.Servers.changed;
import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.spec;
import static dev.turnout.upstream.Servers.upstream;
import static dev.turnout.upstream.Servers.weighing;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ConcurrentPickTest {
  private static final long NOW = 1_000_000;
  private static final int THREADS = 4;

  @Test
  void severalLoopsTogetherKeepTheWeightsExactly() throws Exception {
    Upstream group = upstream(weighing(5, 3, 2));

    onAllThreads(() -> {
      Request request = Request.at(NOW);
      for (int i = 0; i < 50_000; i++) {
        request.tries().reset();
        Peer peer = group.pick(request);
        assertThat(peer).isNotNull();
        group.released(request, peer, Outcome.SUCCESS);
      }
      return null;
    });

    assertThat(group.current().peers())
        .extracting(peer -> peer.stats().requests())
        .containsExactly(100_000L, 60_000L, 40_000L);
    assertThat(group.current().peers()).extracting(Peer::active).containsOnly(0);
  }

  @Test
  void noFailureIsLost() throws Exception {
    Upstream group = upstream(server(1).withFailures(1_000_000_000, 10_000), server(2));
    Peer peer = group.current().peers().getFirst();

    onAllThreads(() -> {
      for (int i = 0; i < 20_000; i++) {
        peer.claim(NOW);
        peer.released(Outcome.FAILURE, NOW);
      }
      return null;
    });

    assertThat(peer.health().fails()).isEqualTo(20_000 * THREADS);
    assertThat(peer.stats().fails()).isEqualTo(20_000 * THREADS);
    assertThat(peer.active()).isZero();
  }

  @Test
  void maxConnsIsNeverExceeded() throws Exception {
    for (BalancingMethod method :
        List.of(
            new BalancingMethod.RoundRobin(),
            new BalancingMethod.LeastConnections(),
            new BalancingMethod.IpHash(),
            new BalancingMethod.Hash("$uri", false),
            new BalancingMethod.Hash("$uri", true),
            new BalancingMethod.Random(true))) {
      Upstream group = upstream(spec(method, server(1).withMaxConns(2), server(2).withMaxConns(1)));
      Map<Integer, AtomicInteger> most = Map.of(1, new AtomicInteger(), 2, new AtomicInteger());

      onAllThreads(() -> {
        Request request = Request.at(NOW).withKey("key");
        for (int i = 0; i < 5_000; i++) {
          request.tries().reset();
          Peer peer = group.pick(request);
          if (peer != null) {
            AtomicInteger seen = most.get(Servers.port(peer));
            assertThat(seen).isNotNull();
            seen.accumulateAndGet(peer.active(), Math::max);
            Thread.onSpinWait();
            group.released(request, peer, Outcome.SUCCESS);
          }
        }
        return null;
      });

      assertThat(most.get(1)).as("%s", method).hasValueLessThanOrEqualTo(2);
      assertThat(most.get(2)).as("%s", method).hasValueLessThanOrEqualTo(1);
    }
  }

  @Test
  void aListThatChangesAllTheTimeLosesNoRequest() throws Exception {
    Upstream group = upstream(server(1), server(2), server(3));
    AtomicBoolean done = new AtomicBoolean();
    Map<Long, Peer> ever = new HashMap<>();
    Thread writer =
        Thread.ofPlatform()
            .start(() -> {
              long revision = 2;
              while (!done.get()) {
                UpstreamSpec spec = group.current().spec();
                UpstreamSpec next = changed(spec, new UpstreamChange.Add(server(4)));
                next = changed(next, new UpstreamChange.Remove(spec.servers().getFirst().id()));
                group.publish(next, revision++);
                group.current().peers().forEach(peer -> ever.put(peer.id(), peer));
              }
            });

    onAllThreads(() -> {
      Request request = Request.at(NOW);
      for (int i = 0; i < 20_000; i++) {
        request.tries().reset();
        Peer peer = group.pick(request);
        assertThat(peer).isNotNull();
        group.released(request, peer, Outcome.SUCCESS);
      }
      return null;
    });
    done.set(true);
    writer.join();

    assertThat(group.zombies()).isEmpty();
    assertThat(ever.values()).extracting(Peer::active).containsOnly(0);
  }

  private static void onAllThreads(Callable<Void> work)
      throws InterruptedException, ExecutionException {
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<Void>> running = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        running.add(threads.submit(work));
      }
      for (Future<Void> each : running) {
        each.get();
      }
    }
  }
}

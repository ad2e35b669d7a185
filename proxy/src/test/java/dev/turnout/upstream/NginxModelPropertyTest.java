package dev.turnout.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.upstream.sticky.StickyRoute;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Random histories of choosing, failing, and passing time, against the model of nginx.
class NginxModelPropertyTest {
  private static final int STEPS = 3_000;

  /// A request under way in both worlds.
  private static final class Running {
    final Request request = Request.at(0);
    final NginxModel.Memory memory = new NginxModel.Memory();
    final int bound;
    @Nullable Peer peer;

    Running(int bound) {
      this.bound = bound;
    }
  }

  static LongStream seeds() {
    return LongStream.range(0, 120);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void everyChoiceIsTheOneNginxMakes(long seed) {
    Random random = new Random(seed);
    boolean leastConn = random.nextBoolean();
    boolean sticky = random.nextBoolean();
    NginxModel model = new NginxModel(leastConn);
    Upstream upstream = Servers.upstream(randomGroup(random, model, leastConn, sticky));
    List<Running> running = new ArrayList<>();
    double failing = random.nextDouble();
    long now = 1_000_000;

    for (int step = 0; step < STEPS; step++) {
      if (random.nextInt(4) == 0) {
        now += random.nextInt(random.nextInt(10) == 0 ? 15_000 : 700);
      }
      if (running.isEmpty() || (running.size() < 12 && random.nextInt(5) < 3)) {
        int servers = upstream.current().size();
        Running request =
            new Running(sticky && random.nextBoolean() ? 1 + random.nextInt(servers) : -1);
        pickInBoth(upstream, model, request, now, seed, step);
        if (request.peer != null) {
          running.add(request);
        }
      } else {
        Running request = running.get(random.nextInt(running.size()));
        Outcome outcome =
            random.nextDouble() < failing
                ? Outcome.FAILURE
                : random.nextBoolean() ? Outcome.SUCCESS : Outcome.NEUTRAL;
        releaseInBoth(upstream, model, request, outcome, now);
        boolean again = outcome != Outcome.SUCCESS && upstream.triesLeft(request.request) > 0;
        if (again) {
          pickInBoth(upstream, model, request, now, seed, step);
        }
        if (!again || request.peer == null) {
          running.remove(request);
        }
      }
    }

    assertThat(running.size())
        .as("requests under way")
        .isEqualTo(upstream.current().peers().stream().mapToInt(Peer::active).sum());
  }

  private static void pickInBoth(
      Upstream upstream, NginxModel model, Running running, long now, long seed, int step) {
    running.peer = upstream.pick(running.request.goingOnAt(now).boundBy(route(running.bound)));
    int port = running.peer == null ? -1 : Servers.port(running.peer);

    assertThat(port)
        .as("seed %d, step %d", seed, step)
        .isEqualTo(model.pick(running.memory, now / 1000, running.bound));
  }

  private static void releaseInBoth(
      Upstream upstream, NginxModel model, Running running, Outcome outcome, long now) {
    Peer peer = running.peer;
    if (peer == null) {
      throw new AssertionError("nothing to release");
    }
    upstream.released(running.request.goingOnAt(now), peer, outcome);
    model.free(Servers.port(peer), outcome == Outcome.FAILURE, now / 1000);
  }

  private static String route(int port) {
    return port < 0 ? "" : "r" + port;
  }

  private static UpstreamSpec randomGroup(
      Random random, NginxModel model, boolean leastConn, boolean sticky) {
    int size = 1 + random.nextInt(random.nextInt(8) == 0 ? 90 : 6);
    List<PeerSpec> servers = new ArrayList<>();
    for (int port = 1; port <= size; port++) {
      boolean backup = port > 1 && random.nextInt(4) == 0;
      NginxModel.Server server =
          new NginxModel.Server(
              port,
              1 + random.nextInt(random.nextBoolean() ? 3 : 30),
              random.nextInt(4),
              random.nextInt(12),
              random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 0,
              random.nextInt(8) == 0,
              sticky && random.nextInt(6) == 0);
      (backup ? model.backups : model.primaries).add(server);
      servers.add(
          Servers.server(port)
              .withWeight(server.weight)
              .withFailures(server.maxFails, server.failTimeout * 1000)
              .withMaxConns(server.maxConns)
              .withDown(server.down)
              .withDrain(server.draining)
              .withRoute(route(port))
              .withBackup(backup));
    }
    BalancingMethod method =
        leastConn ? new BalancingMethod.LeastConnections() : new BalancingMethod.RoundRobin();
    return UpstreamSpec.of(
        "app",
        servers,
        method,
        Keepalive.DEFAULT,
        new UpstreamOptions(null, sticky ? new StickyRoute(List.of("r")) : null, null));
  }
}

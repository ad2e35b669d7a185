package dev.turnout.control;

import dev.turnout.testkit.NetworkNamespace;
import dev.turnout.testkit.RedisServer;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The network between three nodes and a Redis fails by chance: partitions, loss of one direction,
/// connections that are reset, one after the other or several at once. No request fails, no change
/// is acknowledged that is not made, and all agree in the end.
///
/// `-Dturnout.network.faults=200` makes more of them, `-Dturnout.network.seed=N` others;
/// [NodesUnderLoad] has the rate of requests.
@Timeout(900)
class SharedNetworkIT {
  private static final int FAULTS = Integer.getInteger("turnout.network.faults", 6);
  private static final long SEED = Long.getLong("turnout.network.seed", 1);
  private static final int LINKS = 3;
  private static final int TOGETHER = 10; // what was promised is looked at after as many

  @TempDir private Path directory;
  private final Random chance = new Random(SEED);

  @Test
  void linksToRedisFailByChance() {
    try (NetworkNamespace network = NetworkNamespace.create(LINKS);
        RedisServer redis = RedisServer.startIn(network)) {
      String[] stores = new String[LINKS];
      for (int i = 0; i < LINKS; i++) {
        stores[i] = "redis://" + network.address(i) + ":" + redis.port() + " timeout=400ms";
      }
      try (NodesUnderLoad nodes = new NodesUnderLoad(directory, stores)) {
        nodes.awaitSwitches();
        for (int i = 1; i <= FAULTS; i++) {
          begin(network, chance.nextInt(LINKS));
          nodes.switchAll();
          if (chance.nextBoolean()) {
            network.heal(chance.nextInt(LINKS));
          }
          if (i % TOGETHER == 0 || i == FAULTS) {
            nodes.heal(() -> {
              for (int link = 0; link < LINKS; link++) {
                network.heal(link);
              }
            });
            nodes.allAgreeOnWhatWasPromised(key -> redis.cli("GET", "turnout:" + key));
          }
        }
        nodes.allWentWell(FAULTS + " faults of the network, seed " + SEED);
      }
    }
  }

  private void begin(NetworkNamespace network, int link) {
    switch (chance.nextInt(4)) {
      case 0 -> {
        network.loseRequests(link);
        network.loseAnswers(link);
      }
      case 1 -> network.loseRequests(link);
      case 2 -> network.loseAnswers(link);
      default -> network.reset(link);
    }
  }
}

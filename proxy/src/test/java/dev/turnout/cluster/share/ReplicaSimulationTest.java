package dev.turnout.cluster.share;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// The replica in a world of chance. `-Dturnout.simulation.seeds=100000` runs more of it, and
/// `-Dturnout.simulation.first=N` other seeds.
class ReplicaSimulationTest {
  @Test
  void whateverHappensTheNodesComeToAgreeAndLoseNothing() {
    long first = Long.getLong("turnout.simulation.first", 1);
    long seeds = Long.getLong("turnout.simulation.seeds", 1000);

    LongStream.range(first, first + seeds).forEach(ReplicaSimulationTest::simulate);
  }

  private static void simulate(long seed) {
    try {
      new ReplicaSimulation(seed, false).run();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e + "\n" + story(seed), e);
    }
  }

  /// What happens with a seed, told.
  private static String story(long seed) {
    ReplicaSimulation simulation = new ReplicaSimulation(seed, true);
    try {
      simulation.run();
    } catch (AssertionError | RuntimeException _) {
      // as the first time
    }
    return String.join("\n", simulation.story());
  }
}

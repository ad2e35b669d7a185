package dev.turnout.cluster.share;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The replica in a world of chance. `-Dturnout.simulation.seeds=100000` runs more of it, and
/// `-Dturnout.simulation.first=N` other seeds.
class ReplicaSimulationTest {
  @Test
  void whateverHappensTheNodesComeToAgreeAndLoseNothing() {
    long first = Long.getLong("turnout.simulation.first", 1);
    long seeds = Long.getLong("turnout.simulation.seeds", 1000);

    LongStream.range(first, first + seeds).forEach(ReplicaSimulationTest::simulate);
  }

  /// Each of these has failed once.
  @ParameterizedTest
  @ValueSource(
      longs = {
        8278, 23853, 24581, 24736, 25500, 29411, 29460, 34045, 59777, 69335, 85512, 91776, 104752,
        108378, 112814, 230250, 304061
      })
  void whatWentWrongOnceGoesWell(long seed) {
    simulate(seed);
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

package dev.turnout.control;

import dev.turnout.cluster.KeyvalChange.Put;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.MemoryStateStore;
import dev.turnout.cluster.Revision;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/// That what concurrent writers are answered, and what readers see, could have happened one after
/// the other: Lincheck makes scenarios, runs each many times, and looks for an order that explains
/// all answers. Among others: of several writers that name the same revision exactly one wins.
///
/// Stress, not its model checker: that one needs to control all threads, and the writer has one of
/// its own.
@Param(name = "value", gen = IntGen.class, conf = "1:4")
@Param(name = "revision", gen = IntGen.class, conf = "0:3")
public class WriterLincheckTest {
  private static final String KEY = "key";

  /// One for all runs, whose threads would be too many; each run has a zone of its own.
  private static final Revision REVISION = new Revision();

  private static final ChangeWriter WRITER = Writers.start(REVISION, Fence.NONE);

  private final KeyvalZone zone =
      new KeyvalZone("z", 100_000, new MemoryStateStore(), KeyvalSnapshot.EMPTY);
  private final long before = WRITER.history().revision();

  @Operation
  public String set(@Param(name = "value") int value) {
    return submit(request(value));
  }

  @Operation
  public String setIf(@Param(name = "revision") int revision, @Param(name = "value") int value) {
    return submit(request(value).ifRevision(before + revision));
  }

  @Operation
  public String get() {
    return String.valueOf(zone.snapshot().entries().get(KEY));
  }

  private ChangeRequest request(int value) {
    return ChangeRequest.of(Writers.TEST, zone, new Put(KEY, Integer.toString(value)));
  }

  private String submit(ChangeRequest request) {
    ChangeResult result = WRITER.submit(request).join();
    return switch (result) {
      case ChangeResult.Applied applied ->
          applied.deltas().isEmpty() ? "already so" : "revision " + (applied.revision() - before);
      case ChangeResult.StaleRevision _ -> "stale";
      default -> "unexpected " + result;
    };
  }

  /// The same, one after the other.
  public static class Sequence {
    private int revision;
    private String value = "null";

    public String set(int next) {
      String wanted = Integer.toString(next);
      if (value.equals(wanted)) {
        return "already so";
      }
      value = wanted;
      return "revision " + ++revision;
    }

    public String setIf(int expected, int next) {
      return expected == revision ? set(next) : "stale";
    }

    public String get() {
      return value;
    }
  }

  @Test
  void whatWritersAreAnsweredAndReadersSeeHasAnOrder() {
    new StressOptions()
        .threads(3)
        .actorsPerThread(3)
        .actorsBefore(1)
        .actorsAfter(1)
        .iterations(Integer.getInteger("turnout.lincheck", 10))
        .invocationsPerIteration(100)
        .sequentialSpecification(Sequence.class)
        .check(WriterLincheckTest.class);
  }
}

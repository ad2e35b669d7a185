package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.cluster.KeyvalChange.Delete;
import dev.turnout.cluster.KeyvalChange.Put;
import dev.turnout.cluster.KeyvalCondition.Absent;
import dev.turnout.cluster.KeyvalCondition.AtRevision;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.MemoryStateStore;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.StateStore;
import dev.turnout.control.ChangeResult.Applied;
import dev.turnout.control.ChangeResult.Conflict;
import dev.turnout.control.ChangeResult.StoreFailed;
import dev.turnout.control.ChangeResult.Unavailable;
import dev.turnout.control.ChangeResult.ZoneFull;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ChangeWriterTest {
  /// A store whose commits wait for the test, and fail when it says so.
  private static final class SlowStore implements StateStore {
    final Semaphore entered = new Semaphore(0);
    final Semaphore allowed = new Semaphore(0);
    final List<KeyvalSnapshot> commits = new ArrayList<>();
    volatile @Nullable Reason failure;
    volatile @Nullable RuntimeException bug;

    @Override
    public Loaded load() {
      return new Loaded(KeyvalSnapshot.EMPTY, List.of());
    }

    @Override
    public synchronized Commit commit(long expected, KeyvalSnapshot next, Set<String> touched) {
      entered.release();
      allowed.acquireUninterruptibly();
      RuntimeException bugNow = bug;
      if (bugNow != null) {
        throw bugNow;
      }
      Reason failureNow = failure;
      if (failureNow != null) {
        return new Commit.Failed(failureNow, "the disk said no");
      }
      commits.add(next);
      return new Commit.Done();
    }

    @Override
    public void close() {}
  }

  private final Revision revision = new Revision();
  private final SlowStore slow = new SlowStore();
  private final KeyvalZone zone = new KeyvalZone("slow", 1000, slow, KeyvalSnapshot.EMPTY);
  private final KeyvalZone quick = memoryZone(1000);
  private final ChangeWriter writer = Writers.start(revision, Fence.NONE);

  @AfterEach
  void stop() {
    slow.allowed.release(1000);
    writer.close();
  }

  @Test
  void aChangeIsAnsweredWithItsRevisionAndTheOldValues() throws Exception {
    assertThat(get(writer.submit(ChangeRequest.of(Writers.TEST, quick, new Put("host", "blue")))))
        .isEqualTo(made(1, Map.of()));
    assertThat(
            get(
                writer.submit(
                    ChangeRequest.of(
                        Writers.TEST, quick, new Put("host", "green"), new Put("b", "x")))))
        .isEqualTo(made(2, Map.of("host", "blue")));
    assertThat(get(writer.submit(ChangeRequest.of(Writers.TEST, quick, new Delete("host")))))
        .isEqualTo(made(3, Map.of("host", "green")));

    assertThat(quick.snapshot().entries()).isEqualTo(Map.of("b", "x"));
    assertThat(quick.snapshot().revision()).isEqualTo(3);
    assertThat(revision.current()).isEqualTo(3);
  }

  @Test
  void aChangeThatChangesNothingNeedsNoDiskAndNoRevision() throws Exception {
    CompletableFuture<ChangeResult> first =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("host", "blue")));
    slow.allowed.release();
    assertThat(get(first)).isEqualTo(made(1, Map.of()));

    ChangeResult again =
        get(writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("host", "blue"))));

    assertThat(again).isEqualTo(made(1, Map.of("host", "blue")));
    assertThat(slow.commits).hasSize(1);
  }

  @Test
  void whatWaitsWhileTheDiskIsBusyIsOneCommit() throws Exception {
    CompletableFuture<ChangeResult> first =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "0")));
    slow.entered.acquire();
    List<CompletableFuture<ChangeResult>> waiting = new ArrayList<>();
    for (int n = 1; n <= 10; n++) {
      waiting.add(writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "" + n))));
    }

    slow.allowed.release(2);

    assertThat(get(first)).isEqualTo(made(1, Map.of()));
    for (int n = 1; n <= 10; n++) {
      assertThat(get(waiting.get(n - 1))).isEqualTo(made(n + 1, Map.of("k", "" + (n - 1))));
    }
    assertThat(slow.commits).hasSize(2);
    assertThat(slow.commits.getLast().revision()).isEqualTo(11);
  }

  @Test
  void nothingIsSeenBeforeItIsStored() throws Exception {
    CompletableFuture<ChangeResult> answer =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "1")));
    slow.entered.acquire();

    assertThat(zone.get("k")).isNull();
    assertThat(answer).isNotDone();
    slow.allowed.release();

    get(answer);
    assertThat(zone.get("k")).isEqualTo("1");
  }

  @Test
  void aDiskThatRefusesRefusesTheWholeBatchAndIsTriedAgain() throws Exception {
    CompletableFuture<ChangeResult> first =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "old")));
    slow.entered.acquire();
    CompletableFuture<ChangeResult> second =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "1")));
    CompletableFuture<ChangeResult> third =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "2")));
    slow.allowed.release();
    get(first);
    slow.entered.acquire();
    slow.failure = StateStore.Reason.DISK_FULL;
    slow.allowed.release();

    for (CompletableFuture<ChangeResult> refused : List.of(second, third)) {
      StoreFailed failed = (StoreFailed) get(refused);
      assertThat(failed.status()).isEqualTo(507);
      assertThat(failed.message()).isEqualTo("the disk said no");
    }
    assertThat(zone.get("k")).isEqualTo("old");

    slow.failure = null;
    slow.allowed.release();
    Applied healed =
        (Applied) get(writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "3"))));
    assertThat(healed.previous()).isEqualTo(Map.of("k", "old"));
    assertThat(healed.revision()).isEqualTo(4); // those of the refused ones are not used again
    assertThat(zone.get("k")).isEqualTo("3");
  }

  @Test
  void aFailingZoneFailsNoOther() throws Exception {
    CompletableFuture<ChangeResult> first =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "0")));
    slow.entered.acquire();
    CompletableFuture<ChangeResult> failing =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "1")));
    CompletableFuture<ChangeResult> other =
        writer.submit(ChangeRequest.of(Writers.TEST, quick, new Put("k", "1")));
    slow.allowed.release();
    get(first);
    slow.entered.acquire();
    slow.failure = StateStore.Reason.IO;
    slow.allowed.release();

    assertThat(((StoreFailed) get(failing)).status()).isEqualTo(500);
    assertThat(get(other)).isEqualTo(made(3, Map.of()));
  }

  @Test
  void aFullZoneRefusesAndEvictsNothing() throws Exception {
    KeyvalZone small = memoryZone(2 * KeyvalSnapshot.cost("k0", "v"));
    get(
        writer.submit(
            ChangeRequest.of(Writers.TEST, small, new Put("k0", "v"), new Put("k1", "v"))));

    ChangeResult refused =
        get(writer.submit(ChangeRequest.of(Writers.TEST, small, new Put("k2", "v"))));

    assertThat(refused).isEqualTo(new ZoneFull(3 * 67, 2 * 67));
    assertThat(small.snapshot().entries().keySet()).containsExactlyInAnyOrder("k0", "k1");
    assertThat(revision.current()).isEqualTo(1);
  }

  @Test
  void ofTwoChangesFromTheSameRevisionTheSecondIsAConflict() throws Exception {
    CompletableFuture<ChangeResult> gate =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("g", "")));
    slow.entered.acquire();
    ChangeRequest mine =
        ChangeRequest.of(Writers.TEST, zone, new Put("k", "mine")).onlyIf(new AtRevision(1));
    ChangeRequest yours =
        ChangeRequest.of(Writers.TEST, zone, new Put("k", "yours")).onlyIf(new AtRevision(1));
    CompletableFuture<ChangeResult> first = writer.submit(mine);
    CompletableFuture<ChangeResult> second = writer.submit(yours);
    slow.allowed.release(2);
    get(gate);

    assertThat(get(first)).isEqualTo(made(2, Map.of()));
    assertThat(get(second)).isEqualTo(new Conflict(2, new AtRevision(1)));
    assertThat(zone.get("k")).isEqualTo("mine");
  }

  @Test
  void ofManyWhoAddTheSameKeyOneSucceeds() throws Exception {
    List<CompletableFuture<ChangeResult>> answers = new ArrayList<>();
    for (int n = 0; n < 50; n++) {
      ChangeRequest add =
          ChangeRequest.of(Writers.TEST, quick, new Put("k", "" + n)).onlyIf(new Absent("k"));
      answers.add(CompletableFuture.supplyAsync(() -> writer.submit(add).join()));
    }

    List<ChangeResult> results = new ArrayList<>();
    for (CompletableFuture<ChangeResult> answer : answers) {
      results.add(get(answer));
    }

    assertThat(results).filteredOn(Applied.class::isInstance).hasSize(1);
    assertThat(results).filteredOn(Conflict.class::isInstance).hasSize(49);
  }

  @Test
  void answersWaitForTheFenceButTheNextBatchDoesNot() throws Exception {
    List<CompletableFuture<@Nullable Void>> fences = new ArrayList<>();
    Semaphore asked = new Semaphore(0);
    Fence fence =
        () -> {
          CompletableFuture<@Nullable Void> passed = new CompletableFuture<>();
          fences.add(passed);
          asked.release();
          return passed;
        };
    try (ChangeWriter fenced = Writers.start(revision, fence)) {
      CompletableFuture<ChangeResult> first =
          fenced.submit(ChangeRequest.of(Writers.TEST, quick, new Put("k", "1")));
      asked.acquire();
      CompletableFuture<ChangeResult> second =
          fenced.submit(ChangeRequest.of(Writers.TEST, quick, new Put("k", "2")));
      asked.acquire();

      assertThat(quick.get("k")).isEqualTo("2");
      assertThat(first).isNotDone();
      assertThat(second).isNotDone();
      fences.getLast().complete(null);
      assertThat(get(second)).isEqualTo(made(2, Map.of("k", "1")));
      assertThat(first).isNotDone();
      fences.getFirst().completeExceptionally(new IllegalStateException("loop is gone"));
      assertThat(get(first)).isEqualTo(made(1, Map.of()));
    }
  }

  @Test
  void aRefusedChangeWaitsForNoFence() throws Exception {
    Fence never = CompletableFuture::new;
    try (ChangeWriter fenced = Writers.start(revision, never)) {
      assertThat(
              get(
                  fenced.submit(
                      ChangeRequest.of(Writers.TEST, quick, new Delete("k"))
                          .onlyIf(new AtRevision(9)))))
          .isInstanceOf(Conflict.class);
    }
  }

  @Test
  void aBugFailsItsBatchAndTheWriterGoesOn() throws Exception {
    slow.bug = new IllegalStateException("a bug");
    slow.allowed.release(2);
    CompletableFuture<ChangeResult> failed =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "1")));

    assertThatThrownBy(() -> get(failed))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("a bug");
    slow.bug = null;
    assertThat(get(writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "2")))))
        .isInstanceOf(Applied.class);
  }

  @Test
  void anAnswerMayBeUsedToAskForTheNextChangeAndWait() throws Exception {
    CompletableFuture<ChangeResult> chained =
        writer
            .submit(ChangeRequest.of(Writers.TEST, quick, new Put("k", "1")))
            .thenApply(_ ->
                writer.submit(ChangeRequest.of(Writers.TEST, quick, new Put("k", "2"))).join());

    assertThat(get(chained)).isEqualTo(made(2, Map.of("k", "1")));
  }

  @Test
  void whatWasSubmittedBeforeCloseIsDoneAndLaterOnesAreTurnedAway() throws Exception {
    CompletableFuture<ChangeResult> first =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "1")));
    slow.entered.acquire();
    CompletableFuture<ChangeResult> second =
        writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "2")));
    slow.allowed.release(2);

    writer.close();

    assertThat(get(first)).isInstanceOf(Applied.class);
    assertThat(get(second)).isInstanceOf(Applied.class);
    assertThat(get(writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "3")))))
        .isInstanceOf(Unavailable.class);
    assertThat(zone.get("k")).isEqualTo("2");
  }

  @Test
  void aDiskThatHangsDoesNotFillTheMemory() throws Exception {
    writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "0")));
    slow.entered.acquire();
    ChangeResult last = made(0, Map.of());
    for (int n = 0; n <= 10_000; n++) {
      CompletableFuture<ChangeResult> answer =
          writer.submit(ChangeRequest.of(Writers.TEST, zone, new Put("k", "1")));
      if (answer.isDone()) {
        last = get(answer);
      }
    }

    assertThat(last).isInstanceOf(Unavailable.class);
  }

  private static KeyvalZone memoryZone(long capacity) {
    return new KeyvalZone("memory", capacity, new MemoryStateStore(), KeyvalSnapshot.EMPTY);
  }

  private static ChangeResult get(CompletableFuture<ChangeResult> answer)
      throws InterruptedException, ExecutionException, TimeoutException {
    ChangeResult result = answer.get(10, TimeUnit.SECONDS);
    return result instanceof Applied applied
        ? made(applied.revision(), applied.previous())
        : result;
  }

  /// A change, told by its revision and the values before it.
  private static ChangeResult made(long revision, Map<String, String> previous) {
    return new Applied(revision, List.of(new Effect.Keys(previous)), List.of(), false);
  }
}

package dev.turnout.cluster.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.StateStore.Commit;
import dev.turnout.cluster.StateStore.Loaded;
import dev.turnout.cluster.StateStore.Reason;
import dev.turnout.cluster.file.SimulatedDisk.Failing;
import dev.turnout.cluster.file.SimulatedDisk.PowerLoss;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every step of a commit fails, or is the last one before the power goes.
class DiskTroubleTest {
  private static final int STEPS_OF_A_COMMIT = 10;

  @TempDir private Path directory; // for the lock; the rest is on the simulated disk

  private final SimulatedDisk disk = new SimulatedDisk();

  @Test
  void aCommitHasTheStepsThatTheseTestsCount() throws IOException {
    try (FileStateStore store = open()) {
      KeyvalSnapshot first = next(store.load().snapshot(), 1, "a");
      commit(store, KeyvalSnapshot.EMPTY, first);
      int before = disk.steps();

      commit(store, first, next(first, 2, "b"));

      assertThat(disk.steps() - before).isEqualTo(STEPS_OF_A_COMMIT);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aStepThatFailsOnceRefusesTheChangeAndTheNextOneIsTaken(Failing how) throws IOException {
    for (int step = 0; step < STEPS_OF_A_COMMIT; step++) {
      disk.put(
          file(), StateFormat.encode("z", 1, EntryLines.of(next(KeyvalSnapshot.EMPTY, 1, "a"))));
      try (FileStateStore store = open()) {
        KeyvalSnapshot good = store.load().snapshot();
        disk.fail(step, 1, how);

        Commit refused = store.commit(1, next(good, 2, "lost"), Set.of("lost"));
        disk.heal();

        assertThat(refused).as("step %d", step).isInstanceOf(Commit.Failed.class);
        assertThat(((Commit.Failed) refused).reason()).isEqualTo(Reason.DISK_FULL);
        assertThat(onDisk()).as("step %d", step).isEqualTo(good.entries());

        KeyvalSnapshot healed = next(good, 3, "kept");
        commit(store, good, healed);
        assertThat(onDisk()).isEqualTo(healed.entries());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theFirstCommitOfAllThatFailsLeavesNoFile(Failing how) throws IOException {
    for (int step = 0; step < 7; step++) {
      SimulatedDisk fresh = new SimulatedDisk();
      try (FileStateStore store = FileStateStore.open("z", file(), fresh)) {
        store.load();
        fresh.fail(step, 1, how);

        Commit refused = store.commit(0, next(KeyvalSnapshot.EMPTY, 1, "lost"), Set.of("lost"));

        assertThat(refused).isInstanceOf(Commit.Failed.class);
        assertThat(fresh.exists(file())).as("step %d", step).isFalse();
      }
    }
  }

  @Test
  void aRefusalThatCannotBeUndoneSaysSoAndIsUndoneLater() throws IOException {
    disk.put(file(), StateFormat.encode("z", 1, EntryLines.of(next(KeyvalSnapshot.EMPTY, 1, "a"))));
    KeyvalSnapshot good;
    try (FileStateStore store = open()) {
      good = store.load().snapshot();
      disk.fail(STEPS_OF_A_COMMIT - 1, Integer.MAX_VALUE / 2, Failing.BEFORE); // directory sync on

      Commit refused = store.commit(1, next(good, 2, "lost"), Set.of("lost"));

      assertThat(((Commit.Failed) refused).message()).contains("may still be on disk");
      assertThat(onDisk()).containsKey("lost");
      disk.heal();
    }
    assertThat(onDisk()).isEqualTo(good.entries());
  }

  @Test
  void afterPowerLossAtAnyStepTheAcknowledgedStateIsThere() throws IOException {
    int restarts = 0;
    for (int step = 0; step < 4 * STEPS_OF_A_COMMIT; step++) {
      for (int seed = 0; seed < 15; seed++) {
        restarts += losePowerAt(step, new Random(seed * 1000L + step)) ? 1 : 0;
      }
    }
    assertThat(restarts).isGreaterThan(400);
  }

  private boolean losePowerAt(int step, Random random) throws IOException {
    SimulatedDisk disk = new SimulatedDisk();
    KeyvalSnapshot acknowledged = KeyvalSnapshot.EMPTY;
    KeyvalSnapshot asked = KeyvalSnapshot.EMPTY;
    boolean lost = false;
    FileStateStore store = FileStateStore.open("z", file(), disk);
    try (store) {
      store.load();
      disk.losePowerAfter(step);
      for (int revision = 1; revision <= 4; revision++) {
        asked = next(acknowledged, revision, "key" + random.nextInt(3));
        commit(store, acknowledged, asked);
        acknowledged = asked;
      }
    } catch (PowerLoss _) {
      lost = true;
    }
    disk.restart(random);

    try (FileStateStore again = FileStateStore.open("z", file(), disk)) {
      assertThat(again.load().snapshot().entries())
          .as("step %d", step)
          .isIn(acknowledged.entries(), asked.entries());
    }
    return lost;
  }

  @Test
  void throughAnyMixOfFailuresAndPowerLossNothingIsLostOrInvented() throws IOException {
    int refusals = 0;
    for (long seed = 0; seed < 1000; seed++) {
      refusals += live(new Random(seed), seed);
    }
    assertThat(refusals).isGreaterThan(1000);
  }

  /// One life of a node on a bad disk; returns how many changes were refused.
  private int live(Random random, long seed) throws IOException {
    SimulatedDisk disk = new SimulatedDisk();
    KeyvalSnapshot acknowledged = KeyvalSnapshot.EMPTY;
    int revision = 0;
    int refusals = 0;
    for (int boot = 0; boot < 3; boot++) {
      Set<Map<String, String>> mayBe = new HashSet<>(); // instead, after the power is back
      try (FileStateStore store = FileStateStore.open("z", file(), disk)) {
        Loaded loaded = store.load();
        acknowledged = loaded.snapshot();
        disk.losePowerAfter(random.nextInt(80));
        for (int n = 0; n < 6; n++) {
          disk.fail(
              random.nextInt(20),
              1 + random.nextInt(6),
              random.nextBoolean() ? Failing.BEFORE : Failing.AFTER);
          KeyvalSnapshot asked = next(acknowledged, ++revision, "key" + random.nextInt(3));
          mayBe.add(asked.entries());
          Commit answer = store.commit(acknowledged.revision(), asked, asked.entries().keySet());
          if (answer instanceof Commit.Failed failed) {
            refusals++;
            if (!failed.message().contains("may still be on disk")) {
              mayBe.clear();
            }
          } else {
            acknowledged = asked;
            mayBe.clear();
          }
        }
      } catch (PowerLoss _) {
        // the machine stops here
      }
      disk.restart(random);
      try (FileStateStore store = FileStateStore.open("z", file(), disk)) {
        KeyvalSnapshot found = store.load().snapshot();
        Map<String, String> before = acknowledged.entries();
        assertThat(found.entries())
            .as("seed %d, boot %d", seed, boot)
            .matches(entries -> entries.equals(before) || mayBe.contains(entries));
        acknowledged = found;
      }
    }
    return refusals;
  }

  @Test
  void theReasonOfAFailureIsReadFromWhatTheSystemSaid() {
    assertThat(reason("No space left on device")).isEqualTo(Reason.DISK_FULL);
    assertThat(reason("Disk quota exceeded")).isEqualTo(Reason.DISK_FULL);
    assertThat(reason("Read-only file system")).isEqualTo(Reason.READ_ONLY);
    assertThat(reason("Input/output error")).isEqualTo(Reason.IO);
    assertThat(DiskTrouble.reason(new AccessDeniedException("/x"), file())).isEqualTo(Reason.IO);
    assertThat(DiskTrouble.text(new AccessDeniedException("/x"))).isEqualTo("Permission denied");
  }

  private Reason reason(String said) {
    return DiskTrouble.reason(new FileSystemException("/x", "/y", said), file());
  }

  private FileStateStore open() throws IOException {
    return FileStateStore.open("z", file(), disk);
  }

  private Path file() {
    return directory.resolve("z.json");
  }

  private Map<String, String> onDisk() {
    if (!(StateParser.parse(disk.content(file())) instanceof StateReading.Good good)) {
      throw new AssertionError("FILE is not good");
    }
    return good.snapshot().entries();
  }

  private static void commit(FileStateStore store, KeyvalSnapshot from, KeyvalSnapshot to) {
    assertThat(store.commit(from.revision(), to, to.entries().keySet()))
        .isEqualTo(new Commit.Done());
  }

  private static KeyvalSnapshot next(KeyvalSnapshot from, long revision, String key) {
    Map<String, String> entries = new HashMap<>(from.entries());
    entries.put(key, "at " + revision);
    return KeyvalSnapshot.of(revision, entries);
  }
}

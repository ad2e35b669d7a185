package dev.turnout.control;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.StateStore.Loaded;
import dev.turnout.cluster.file.FileStateStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `kill -9` while four writers change a zone, again and again on the same state file.
/// `-Dturnout.kills=N` kills more often than the ordinary build does.
class KilledProcessTest {
  private static final int KILLS = Integer.getInteger("turnout.kills", 20);
  private static final int WRITERS = 4;
  private static final int KEYS = 7;

  @TempDir private Path directory;

  /// What one key was asked to be, and what it was acknowledged to be, highest numbers.
  private static final class Key {
    long asked = -1;
    long acknowledged = -1;
  }

  private final Map<String, Key> keys = new HashMap<>();
  private long highestRevision;
  private long highestNumber;
  private int acknowledgements;

  @Test
  @Timeout(600)
  void noAcknowledgedChangeIsLostAndNoneIsInvented() throws Exception {
    long seed = Long.getLong("turnout.seed", 20261122);
    Random random = new Random(seed);
    Path file = directory.resolve("switch.json");
    for (int kill = 1; kill <= KILLS; kill++) {
      runAndKill(file, random);

      Loaded found;
      try (FileStateStore store = FileStateStore.open("switch", file)) {
        found = store.load();
      }
      String round = "kill " + kill + ", seed " + seed;
      assertThat(found.warnings()).as(round).isEmpty();
      check(found.snapshot(), round);
    }
    assertThat(acknowledgements).isGreaterThan(KILLS);
  }

  private void check(KeyvalSnapshot found, String round) {
    assertThat(found.revision()).as(round).isGreaterThanOrEqualTo(highestRevision);
    highestRevision = found.revision();
    assertThat(keys.keySet()).as(round).containsAll(found.entries().keySet());
    keys.forEach((name, key) -> {
      String value = found.get(name);
      long number = value == null ? -1 : Long.parseLong(value);
      assertThat(number).as("%s, %s", name, round).isIn(key.acknowledged, key.asked);
      key.acknowledged = number;
      key.asked = number; // what was in flight got through, or never will
    });
  }

  private void runAndKill(Path file, Random random) throws IOException, InterruptedException {
    int acknowledgementsToSee = 1 + random.nextInt(80);
    int extraTurns = random.nextInt(20_000); // spreads the kill over the steps of a commit
    Process process = start(file);
    try (BufferedReader lines = process.inputReader(ISO_8859_1)) {
      String line = lines.readLine();
      for (int seen = 0; line != null && seen < acknowledgementsToSee; line = lines.readLine()) {
        seen += note(line) ? 1 : 0;
      }
      while (extraTurns-- > 0) {
        Thread.onSpinWait();
      }
      process.toHandle().destroyForcibly(); // the process itself would close the pipe unread
      for (; line != null; line = lines.readLine()) {
        note(line);
      }
    }
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(128 + 9);
  }

  /// Takes a line of the process; true if it is an acknowledgement.
  private boolean note(String line) {
    String[] words = line.split(" ", -1);
    return switch (words[0]) {
      case "?" -> {
        long number = Long.parseLong(words[2]);
        highestNumber = Math.max(highestNumber, number);
        keys.computeIfAbsent(words[1], _ -> new Key()).asked = number;
        yield false;
      }
      case "!" -> {
        Key key = keys.computeIfAbsent(words[1], _ -> new Key());
        key.acknowledged = Long.parseLong(words[2]);
        highestRevision = Math.max(highestRevision, Long.parseLong(words[3]));
        acknowledgements++;
        yield true;
      }
      default -> throw new AssertionError("the process said: " + line);
    };
  }

  private Process start(Path file) throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                KilledWriter.class.getName(),
                file.toString(),
                Integer.toString(WRITERS),
                Long.toString(highestNumber + 1),
                Integer.toString(KEYS)))
        .redirectErrorStream(true)
        .start();
  }

  @Test
  @Timeout(60)
  void aSecondProcessIsRefusedTheStateFileOfTheFirst() throws Exception {
    Path file = directory.resolve("switch.json");
    try (FileStateStore store = FileStateStore.open("switch", file)) {
      store.load();

      Process second = start(file);
      String said;
      try (BufferedReader lines = second.inputReader(ISO_8859_1)) {
        said = String.join("\n", lines.readAllLines());
      }

      assertThat(second.waitFor()).isNotZero();
      assertThat(said)
          .contains("zone \"switch\": state file")
          .contains("held by another process (pid " + ProcessHandle.current().pid() + ")");
    }
  }
}

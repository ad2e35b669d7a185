package dev.turnout.cluster.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.StateStore.Loaded;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A state file that the medium cut, or changed in single bits.
class StateDamageTest {
  private static final KeyvalSnapshot LAST_GOOD =
      KeyvalSnapshot.of(41, Map.of("a.example", "blue", "b.example", "blue"));
  private static final KeyvalSnapshot NEWEST =
      KeyvalSnapshot.of(42, Map.of("a.example", "blue", "b.example", "green", "c\u00e9\n\"", ""));

  @TempDir private Path directory; // for the lock; the rest is on the simulated disk

  @Test
  void cutAtAnyByteTheLastGoodStateIsLoadedAndTheOperatorIsTold() throws IOException {
    byte[] whole = encoded(NEWEST);
    int end = whole.length - 1; // without its last line end it is whole
    for (int length = 0; length < end; length++) {
      Loaded loaded = load(Arrays.copyOf(whole, length), encoded(LAST_GOOD));

      assertThat(loaded.snapshot().entries()).isEqualTo(LAST_GOOD.entries());
      assertThat(loaded.snapshot().revision()).isEqualTo(41);
      assertThat(loaded.warnings())
          .singleElement()
          .asString()
          .contains("z.json", "damaged", "revision 41", "2 entries", "z.json.prev");
    }
    assertThat(load(Arrays.copyOf(whole, end), encoded(LAST_GOOD)).snapshot().entries())
        .isEqualTo(NEWEST.entries());
  }

  @Test
  void cutAtAnyByteWithNoOtherCopyTheStartIsRefused() throws IOException {
    byte[] whole = encoded(NEWEST);
    for (int length = 0; length < whole.length - 1; length++) {
      byte[] cut = Arrays.copyOf(whole, length);

      assertThatThrownBy(() -> load(cut, null))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("damaged");
    }
  }

  @Test
  void anyBitThatFlipsIsNoticed() throws IOException {
    byte[] whole = encoded(NEWEST);
    for (int bit = 0; bit < whole.length * 8; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);

      Loaded loaded = load(flipped, encoded(LAST_GOOD));

      assertThat(loaded.snapshot().entries()).as("bit %d", bit).isEqualTo(LAST_GOOD.entries());
      assertThat(loaded.warnings()).hasSize(1);
    }
  }

  @Test
  void zeroedBlocksAndGarbageAreNoticed() throws IOException {
    Random random = new Random(7);
    byte[] whole = encoded(NEWEST);
    for (int n = 0; n < 500; n++) {
      byte[] damaged = whole.clone();
      int from = random.nextInt(damaged.length - 8);
      for (int i = from; i < Math.min(damaged.length, from + 8 + random.nextInt(64)); i++) {
        damaged[i] = n % 2 == 0 ? 0 : (byte) random.nextInt();
      }

      assertThat(load(damaged, encoded(LAST_GOOD)).snapshot().entries())
          .isEqualTo(LAST_GOOD.entries());
    }
  }

  @Test
  void withBothCopiesDamagedTheStartIsRefusedAndNothingIsTouched() {
    byte[] broken = {'{'};
    SimulatedDisk disk = new SimulatedDisk();
    Path file = directory.resolve("z.json");
    disk.put(file, broken);
    disk.put(directory.resolve("z.json.prev"), broken);

    assertThatThrownBy(
            () -> {
              try (FileStateStore store = FileStateStore.open("z", file, disk)) {
                store.load();
              }
            })
        .hasMessageContaining("z.json.prev\" is damaged");
    assertThat(disk.content(file)).isEqualTo(broken);
    assertThat(disk.exists(directory.resolve("z.json.damaged-1"))).isFalse();
  }

  private Loaded load(byte[] file, byte @Nullable [] previous) throws IOException {
    SimulatedDisk disk = new SimulatedDisk();
    disk.put(directory.resolve("z.json"), file);
    if (previous != null) {
      disk.put(directory.resolve("z.json.prev"), previous);
    }
    try (FileStateStore store = FileStateStore.open("z", directory.resolve("z.json"), disk)) {
      return store.load();
    }
  }

  private static byte[] encoded(KeyvalSnapshot state) {
    return StateFormat.encode("z", state.revision(), EntryLines.of(state));
  }
}

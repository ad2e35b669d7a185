package dev.turnout.lua.dict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What fits into a zone of shared memory.
class SlabPoolTest {
  @ParameterizedTest
  @CsvSource({"8192, 1", "20480, 4", "102400, 24", "1048576, 254"})
  void aZoneHasAsManyPagesAsInNginx(long size, int pages) {
    assertThat(new SlabPool(size).freeBytes()).isEqualTo(pages * 4096L);
  }

  @ParameterizedTest
  @CsvSource({
    "8, 504", "9, 254", "16, 254", "17, 127", "32, 127", "33, 64", "64, 64", "65, 32", "129, 16",
    "257, 8", "513, 4", "1025, 2", "2048, 2", "2049, 1", "4096, 1", "4097, 0"
  })
  void aPageHasRoomForSoManyOfASize(int size, int expected) {
    SlabPool pool = new SlabPool(8192);

    int count = 0;
    while (pool.allocate(size) != SlabPool.NONE) {
      count++;
    }

    assertThat(count).isEqualTo(expected);
  }

  @Test
  void pagesThatAreGivenBackBecomeOneRunAgain() {
    SlabPool pool = new SlabPool(20480);
    long[] single = new long[4];
    for (int i = 0; i < 4; i++) {
      single[i] = pool.allocate(4096);
    }
    assertThat(pool.allocate(1)).isEqualTo(SlabPool.NONE);

    pool.release(single[1]);
    pool.release(single[3]);
    assertThat(pool.allocate(8192)).as("two pages apart").isEqualTo(SlabPool.NONE);
    pool.release(single[2]);
    long three = pool.allocate(3 * 4096);

    assertThat(three).isNotEqualTo(SlabPool.NONE);
    assertThat(pool.freeBytes()).isZero();
  }

  @Test
  void aPageOfChunksIsGivenBackWithItsLastChunk() {
    SlabPool pool = new SlabPool(8192);
    long one = pool.allocate(100);
    long two = pool.allocate(100);
    assertThat(pool.freeBytes()).isZero();

    pool.release(one);
    assertThat(pool.freeBytes()).isZero();
    pool.release(two);

    assertThat(pool.freeBytes()).isEqualTo(4096);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void whateverIsTakenAndGivenBackNothingIsLost(long seed) {
    Random random = new Random(seed);
    SlabPool pool = new SlabPool(400_000);
    long before = pool.freeBytes();
    List<Long> taken = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      if (random.nextInt(100) < 55) {
        long handle = pool.allocate(1 + random.nextInt(random.nextBoolean() ? 300 : 12_000));
        if (handle != SlabPool.NONE) {
          assertThat(taken).doesNotContain(handle);
          taken.add(handle);
        }
      } else if (!taken.isEmpty()) {
        int last = taken.size() - 1;
        int index = random.nextInt(taken.size());
        long handle = taken.get(index);
        taken.set(index, taken.get(last));
        taken.removeLast();
        pool.release(handle);
      }
    }
    taken.forEach(pool::release);

    assertThat(pool.freeBytes()).isEqualTo(before);
    assertThat(pool.allocate((int) before)).as("one run again").isNotEqualTo(SlabPool.NONE);
  }
}

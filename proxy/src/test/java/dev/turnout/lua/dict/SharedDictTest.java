package dev.turnout.lua.dict;

import static dev.turnout.lua.dict.SharedDict.ADD;
import static dev.turnout.lua.dict.SharedDict.REPLACE;
import static dev.turnout.lua.dict.SharedDict.SAFE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.lua.dict.SharedDict.Found;
import dev.turnout.lua.dict.SharedDict.Kind;
import dev.turnout.lua.dict.SharedDict.Stored;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A dictionary that loops share.
class SharedDictTest {
  private final AtomicLong now = new AtomicLong(1_000_000);
  private final SharedDict dict = new SharedDict("dogs", 1 << 20, now::get);
  private final Found found = new Found();

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private @Nullable String text(SharedDict from, String key) {
    byte[] name = bytes(key);
    return from.get(name, 0, name.length, false, found)
        ? new String(found.bytes(), StandardCharsets.ISO_8859_1)
        : null;
  }

  private @Nullable String text(String key) {
    return text(dict, key);
  }

  private Stored set(String key, String value, long millis, int how) {
    return dict.set(bytes(key), bytes(value), millis, 0, how);
  }

  private List<String> keys(SharedDict of, int most) {
    return of.keys(most).stream().map(key -> new String(key, StandardCharsets.ISO_8859_1)).toList();
  }

  @Test
  void valuesKeepTheirTypeAndTheirFlags() {
    dict.set(bytes("text"), bytes("woof"), 0, 7, 0);
    dict.set(bytes("number"), 3.5, 0, 0, 0);
    dict.set(bytes("truth"), true, 0, 0, 0);

    assertThat(text("text")).isEqualTo("woof");
    assertThat(found.kind()).isEqualTo(Kind.STRING);
    assertThat(found.flags()).isEqualTo(7);
    text("number");
    assertThat(found.kind()).isEqualTo(Kind.NUMBER);
    assertThat(found.number()).isEqualTo(3.5);
    text("truth");
    assertThat(found.kind()).isEqualTo(Kind.BOOLEAN);
    assertThat(found.number()).isEqualTo(1);
    assertThat(text("nothing")).isNull();
    assertThat(found.kind()).isEqualTo(Kind.NIL);
  }

  @Test
  void aKeyIsLookedUpWithinALargerBuffer() {
    set("key", "v", 0, 0);

    assertThat(dict.get(bytes("a key b"), 2, 3, false, found)).isTrue();
    assertThat(dict.get(bytes("a key b"), 2, 4, false, found)).isFalse();
  }

  @Test
  void addWantsNothingAndReplaceSomethingThatHolds() {
    assertThat(set("k", "1", 10, REPLACE)).isEqualTo(Stored.NOT_FOUND);
    assertThat(set("k", "1", 10, ADD)).isEqualTo(Stored.DONE);
    assertThat(set("k", "2", 10, ADD)).isEqualTo(Stored.EXISTS);
    assertThat(set("k", "3", 10, REPLACE)).isEqualTo(Stored.DONE);
    assertThat(text("k")).isEqualTo("3");

    now.addAndGet(10);

    assertThat(set("k", "4", 0, REPLACE)).isEqualTo(Stored.NOT_FOUND);
    assertThat(set("k", "5", 0, ADD)).isEqualTo(Stored.DONE);
    assertThat(text("k")).isEqualTo("5");
  }

  @Test
  void whatIsOverIsNotFoundButMayBeHadStale() {
    set("k", "v", 10, 0);
    now.addAndGet(9);
    assertThat(text("k")).isEqualTo("v");
    now.addAndGet(1);

    assertThat(dict.get(bytes("k"), 0, 1, true, found)).isTrue();
    assertThat(found.isStale()).isTrue();
    assertThat(text("k")).isNull();
    assertThat(dict.get(bytes("k"), 0, 1, true, found)).as("a look-up has swept it away").isFalse();
  }

  @Test
  void aStaleLookUpOfWhatHoldsSaysSo() {
    set("k", "v", 10, 0);

    assertThat(dict.get(bytes("k"), 0, 1, true, found)).isTrue();
    assertThat(found.isStale()).isFalse();
  }

  @Test
  void timeToLiveIsToldAndChanged() {
    set("k", "v", 100, 0);
    set("always", "v", 0, 0);
    now.addAndGet(40);

    assertThat(dict.ttl(bytes("k"))).isEqualTo(60);
    assertThat(dict.ttl(bytes("always"))).isZero();
    assertThat(dict.ttl(bytes("none"))).isNull();
    assertThat(dict.expire(bytes("k"), 500)).isTrue();
    assertThat(dict.ttl(bytes("k"))).isEqualTo(500);
    assertThat(dict.expire(bytes("k"), 0)).isTrue();
    assertThat(dict.ttl(bytes("k"))).isZero();
    assertThat(dict.expire(bytes("none"), 1)).isFalse();
  }

  @Test
  void numbersAreAddedToAndMayBegin() {
    assertThat(dict.increment(bytes("n"), 2, null, 0, found)).isEqualTo(Stored.NOT_FOUND);
    assertThat(dict.increment(bytes("n"), 2, 40.0, 10, found)).isEqualTo(Stored.DONE);
    assertThat(found.number()).isEqualTo(42);
    assertThat(dict.increment(bytes("n"), 0.5, 40.0, 10, found)).isEqualTo(Stored.DONE);
    assertThat(found.number()).isEqualTo(42.5);
    assertThat(dict.ttl(bytes("n"))).isEqualTo(10);
    set("t", "12345678", 0, 0);
    assertThat(dict.increment(bytes("t"), 1, null, 0, found)).isEqualTo(Stored.NOT_A_NUMBER);

    now.addAndGet(10);

    assertThat(dict.increment(bytes("n"), 1, null, 0, found)).isEqualTo(Stored.NOT_FOUND);
    assertThat(dict.increment(bytes("n"), 1, 0.0, 0, found)).isEqualTo(Stored.DONE);
    assertThat(found.number()).isEqualTo(1);
  }

  @Test
  void listsGrowAndShrinkAtBothEnds() {
    assertThat(dict.push(bytes("l"), bytes("b"), 0, true, found)).isEqualTo(Stored.DONE);
    dict.push(bytes("l"), bytes("a"), 0, true, found);
    dict.push(bytes("l"), null, 3, false, found);
    assertThat(found.number()).isEqualTo(3);
    assertThat(dict.length(bytes("l"), found)).isEqualTo(Stored.DONE);
    assertThat(found.number()).isEqualTo(3);

    dict.pop(bytes("l"), true, found);
    assertThat(found.bytes()).isEqualTo(bytes("a"));
    dict.pop(bytes("l"), false, found);
    assertThat(found.kind()).isEqualTo(Kind.NUMBER);
    assertThat(found.number()).isEqualTo(3);
    dict.pop(bytes("l"), false, found);
    assertThat(found.bytes()).isEqualTo(bytes("b"));
    assertThat(dict.pop(bytes("l"), false, found)).isEqualTo(Stored.DONE);
    assertThat(found.kind()).isEqualTo(Kind.NIL);
    assertThat(dict.keys(0)).isEmpty();
  }

  @Test
  void aListAndAValueAreNotTheSame() {
    set("v", "x", 0, 0);
    dict.push(bytes("l"), bytes("a"), 0, true, found);

    assertThat(dict.push(bytes("v"), bytes("a"), 0, true, found)).isEqualTo(Stored.NOT_A_LIST);
    assertThat(dict.pop(bytes("v"), true, found)).isEqualTo(Stored.NOT_A_LIST);
    assertThat(dict.length(bytes("v"), found)).isEqualTo(Stored.NOT_A_LIST);
    assertThat(dict.increment(bytes("l"), 1, 0.0, 0, found)).isEqualTo(Stored.NOT_A_NUMBER);
    text("l");
    assertThat(found.kind()).isEqualTo(Kind.LIST);
    assertThat(set("l", "now a text", 0, 0)).isEqualTo(Stored.DONE);
    assertThat(text("l")).isEqualTo("now a text");
  }

  @Test
  void whatWasUsedLongestAgoGoesFirst() {
    SharedDict small = new SharedDict("d", 20480, now::get); // two pages are left for entries
    small.set(bytes("foo"), new byte[4000], 0, 0, 0);
    small.set(bytes("bar"), new byte[4001], 0, 0, 0);
    text(small, "foo");

    assertThat(small.set(bytes("baz"), new byte[3000], 0, 0, SAFE)).isEqualTo(Stored.NO_MEMORY);
    assertThat(small.set(bytes("baz"), new byte[3000], 0, 0, 0)).isEqualTo(Stored.DONE_BY_FORCE);
    assertThat(keys(small, 0)).containsExactly("foo", "baz");
    assertThat(small.set(bytes("big"), new byte[8102], 0, 0, 0)).isEqualTo(Stored.DONE_BY_FORCE);
    assertThat(keys(small, 0)).containsExactly("big");
    assertThat(small.set(bytes("huge"), new byte[9000], 0, 0, 0))
        .isEqualTo(Stored.NO_MEMORY_BY_FORCE);
    assertThat(small.keys(0)).isEmpty();
    assertThat(small.set(bytes("huge"), new byte[9000], 0, 0, 0)).isEqualTo(Stored.NO_MEMORY);
  }

  @Test
  void aPushEvictsNothing() {
    SharedDict small = new SharedDict("d", 20480, now::get);
    small.set(bytes("foo"), new byte[4000], 0, 0, 0);
    small.set(bytes("bar"), new byte[4000], 0, 0, 0);

    assertThat(small.push(bytes("l"), new byte[5000], 0, true, found)).isEqualTo(Stored.NO_MEMORY);
    assertThat(keys(small, 0)).containsExactly("foo", "bar");
  }

  @Test
  void everythingIsFlushedAndTheExpiredCounted() {
    set("a", "1", 0, 0);
    set("b", "2", 5, 0);
    set("c", "3", 5, 0);
    set("d", "4", 0, 0);
    now.addAndGet(5);

    assertThat(dict.flushExpired(1)).isEqualTo(1);
    assertThat(dict.flushExpired(0)).isEqualTo(1);
    assertThat(keys(dict, 0)).containsExactly("a", "d");
    assertThat(keys(dict, 1)).containsExactly("a");
    dict.flushAll();
    assertThat(dict.keys(0)).isEmpty();
    assertThat(text("d")).isNull();
  }

  @Test
  void capacityAndFreeSpaceAreThoseOfTheZone() {
    SharedDict small = new SharedDict("d", 20480, now::get);

    assertThat(small.capacity()).isEqualTo(20480);
    assertThat(small.freeSpace()).isEqualTo(8192);
    small.set(bytes("k"), bytes("v"), 0, 0, 0);
    assertThat(small.freeSpace()).as("entries share a page with the zone's record").isEqualTo(8192);
    small.set(bytes("k"), new byte[4000], 0, 0, 0);
    assertThat(small.freeSpace()).isEqualTo(4096);
    small.delete(bytes("k"));
    assertThat(small.freeSpace()).isEqualTo(8192);
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void itAgreesWithAMapWhateverIsDone(long seed) {
    Random random = new Random(seed);
    Map<String, String> model = new HashMap<>();
    for (int i = 0; i < 30_000; i++) {
      String key = "k" + random.nextInt(500);
      switch (random.nextInt(4)) {
        case 0 -> {
          String value = "v".repeat(random.nextInt(200)) + i;
          assertThat(set(key, value, 0, 0)).isEqualTo(Stored.DONE);
          model.put(key, value);
        }
        case 1 -> {
          dict.delete(bytes(key));
          model.remove(key);
        }
        default -> assertThat(text(key)).isEqualTo(model.get(key));
      }
    }

    assertThat(keys(dict, 0)).containsExactlyInAnyOrderElementsOf(model.keySet());
    model.keySet().forEach(key -> dict.delete(bytes(key)));
    assertThat(dict.freeSpace()).isEqualTo(new SharedDict("dogs", 1 << 20, now::get).freeSpace());
  }

  @Test
  void allOfItCanBePutBack() {
    dict.set(bytes("old"), bytes("1"), 0, 0, 0);
    dict.set(bytes("n"), 2.5, 1000, 3, 0);
    dict.set(bytes("t"), true, 0, 0, 0);
    dict.push(bytes("l"), bytes("x"), 0, false, found);
    dict.push(bytes("l"), null, 4, false, found);
    set("over", "x", 1, 0);
    now.addAndGet(1);
    SharedDict other = new SharedDict("dogs", 1 << 20, now::get);

    for (SharedDict.Item entry : dict.entries()) {
      assertThat(other.restore(entry)).isTrue();
    }

    assertThat(keys(other, 0)).containsExactly("old", "n", "t", "l");
    assertThat(other.ttl(bytes("n"))).isEqualTo(999);
    text(other, "n");
    assertThat(found.flags()).isEqualTo(3);
    other.pop(bytes("l"), false, found);
    assertThat(found.number()).isEqualTo(4);
  }
}

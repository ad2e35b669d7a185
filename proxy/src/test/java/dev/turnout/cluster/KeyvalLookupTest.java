package dev.turnout.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Look-ups by network and by prefix, against what a reader of the documentation would do by hand.
class KeyvalLookupTest {
  private static final long NOW = 1_000_000;

  private static @Nullable String find(KeyvalType type, Map<String, String> entries, String text) {
    return find(type, entries, Map.of(), text);
  }

  private static @Nullable String find(
      KeyvalType type, Map<String, String> entries, Map<String, Long> deadlines, String text) {
    return KeyvalSnapshot.of(1, entries, deadlines).indexed(type).find(text, NOW);
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, host",
    "192.0.2.2, inner",
    "192.0.2.130, outer",
    "192.0.3.0, all",
    "255.255.255.255, last",
    "2001:db8::1, six",
    "2001:0db8:0:0::1, six",
    "2001:db8:1::, sixes",
    "2001:db9::,",
    "::ffff:192.0.2.1, host",
    "192.0.2.0/26, inner",
    "192.0.2.0/24, outer",
    "192.0.2.0/23, all",
    "192.0.2.1/32, host",
    "192.0.2,",
    "192.0.2.1.1,",
    "192.0.2.256,",
    "fe80::1%eth0,",
    "nonsense,",
    "'',"
  })
  void anAddressFindsTheSmallestNetworkAroundIt(String text, @Nullable String value) {
    Map<String, String> entries =
        Map.of(
            "0.0.0.0/0", "all",
            "192.0.2.0/24", "outer",
            "192.0.2.0/25", "inner",
            "192.0.2.1", "host",
            "255.255.255.255", "last",
            "2001:db8::/64", "six",
            "2001:db8::/32", "sixes",
            "no address", "never");

    assertThat(find(KeyvalType.IP, entries, text)).isEqualTo(value);
  }

  @Test
  void networksAreFoundAsByTryingThemAll() {
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < 200; round++) {
      Map<String, String> entries = new HashMap<>();
      Map<String, Long> deadlines = new HashMap<>();
      for (int i = random.nextInt(40); i > 0; i--) {
        String key = quad(random) + "/" + random.nextInt(33);
        entries.put(key, key);
        if (random.nextInt(4) == 0) {
          deadlines.put(key, NOW + random.nextInt(-1, 2));
        }
      }
      KeyvalSnapshot state = KeyvalSnapshot.of(1, entries, deadlines).indexed(KeyvalType.IP);
      for (int i = 0; i < 200; i++) {
        String address = quad(random);

        String found = state.find(address, NOW);

        assertThat(found == null ? -1 : bits(found)).isEqualTo(longest(state, address));
        assertThat(found == null || contains(found, address)).isTrue();
      }
    }
  }

  private static String quad(SplittableRandom random) {
    // few different bytes, so that networks meet
    return random.nextInt(4) * 85
        + "."
        + random.nextInt(4) * 64
        + "."
        + random.nextInt(2)
        + "."
        + random.nextInt(256);
  }

  private static int longest(KeyvalSnapshot state, String address) {
    int longest = -1;
    for (String key : state.entries().keySet()) {
      if (state.deadline(key) > NOW && contains(key, address)) {
        longest = Math.max(longest, bits(key));
      }
    }
    return longest;
  }

  private static int bits(String network) {
    return Integer.parseInt(network.substring(network.indexOf('/') + 1));
  }

  private static boolean contains(String network, String address) {
    int bits = bits(network);
    long mask = bits == 0 ? 0 : -1L << (32 - bits);
    return ((number(network.substring(0, network.indexOf('/'))) ^ number(address)) & mask) == 0;
  }

  private static long number(String quad) {
    long number = 0;
    for (String part : quad.split("\\.", -1)) {
      number = (number << 8) | Integer.parseInt(part);
    }
    return number;
  }

  @ParameterizedTest
  @CsvSource({"/a/b/c, long", "/a/b, long", "/a/x, short", "/a, root", "/, root", "x,", "'',"})
  void aTextFindsTheLongestKeyThatItBeginsWith(String text, @Nullable String value) {
    Map<String, String> entries =
        Map.of("/", "root", "/a/", "short", "/a/b", "long", "/a/b/d", "other", "/a!", "before");

    assertThat(find(KeyvalType.PREFIX, entries, text)).isEqualTo(value);
  }

  @Test
  void prefixesAreFoundAsByTryingThemAll() {
    SplittableRandom random = new SplittableRandom(8);
    for (int round = 0; round < 200; round++) {
      Map<String, String> entries = new HashMap<>();
      for (int i = random.nextInt(40); i > 0; i--) {
        String key = word(random, 6);
        entries.put(key, key);
      }
      KeyvalSnapshot state = KeyvalSnapshot.of(1, entries).indexed(KeyvalType.PREFIX);
      for (int i = 0; i < 200; i++) {
        String text = word(random, 9);
        String expected =
            entries.keySet().stream()
                .filter(text::startsWith)
                .max(java.util.Comparator.comparingInt(String::length))
                .orElse(null);

        assertThat(state.find(text, NOW)).isEqualTo(expected);
      }
    }
  }

  private static String word(SplittableRandom random, int longest) {
    StringBuilder word = new StringBuilder();
    for (int i = random.nextInt(longest); i > 0; i--) {
      word.append((char) ('a' + random.nextInt(3)));
    }
    return word.toString();
  }

  @Test
  void whatIsOverGivesWayToTheNextBest() {
    Map<String, String> networks = Map.of("10.0.0.0/8", "wide", "10.1.0.0/16", "narrow");
    Map<String, String> prefixes = Map.of("/", "wide", "/a", "narrow");

    assertThat(find(KeyvalType.IP, networks, Map.of("10.1.0.0/16", NOW), "10.1.2.3"))
        .isEqualTo("wide");
    assertThat(find(KeyvalType.IP, networks, Map.of("10.1.0.0/16", NOW + 1), "10.1.2.3"))
        .isEqualTo("narrow");
    assertThat(find(KeyvalType.PREFIX, prefixes, Map.of("/a", NOW), "/abc")).isEqualTo("wide");
    assertThat(find(KeyvalType.STRING, prefixes, Map.of("/a", NOW), "/a")).isNull();
    assertThat(find(KeyvalType.STRING, prefixes, Map.of("/a", NOW + 1), "/a")).isEqualTo("narrow");
  }
}

package dev.turnout.cluster;

import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The longest key that a text begins with, by one binary search: of the keys in order, the last
/// one not after the text either begins the text, or shares with it whatever shorter key does.
final class PrefixIndex implements KeyvalIndex {
  private static final int NONE = -1;

  private final String[] keys; // in order
  private final String[] values;
  private final long[] deadlines;
  private final int[] shorter; // the longest other key that a key begins with

  private PrefixIndex(String[] keys, String[] values, long[] deadlines, int[] shorter) {
    this.keys = keys;
    this.values = values;
    this.deadlines = deadlines;
    this.shorter = shorter;
  }

  static PrefixIndex of(Map<String, String> entries, Map<String, Long> deadlines) {
    String[] keys = entries.keySet().toArray(String[]::new);
    Arrays.sort(keys);
    String[] values = new String[keys.length];
    long[] ends = new long[keys.length];
    int[] shorter = new int[keys.length];
    for (int i = 0; i < keys.length; i++) {
      values[i] = entries.getOrDefault(keys[i], "");
      ends[i] = deadlines.getOrDefault(keys[i], KeyvalEntry.NEVER);
      int candidate = i - 1;
      while (candidate != NONE && !keys[i].startsWith(keys[candidate])) {
        candidate = shorter[candidate];
      }
      shorter[i] = candidate;
    }
    return new PrefixIndex(keys, values, ends, shorter);
  }

  @Override
  public @Nullable String find(String text, long nowMillis) {
    int at = Arrays.binarySearch(keys, text);
    int i = at >= 0 ? at : -at - 2;
    while (i != NONE && !(nowMillis < deadlines[i] && text.startsWith(keys[i]))) {
      i = shorter[i];
    }
    return i == NONE ? null : values[i];
  }
}

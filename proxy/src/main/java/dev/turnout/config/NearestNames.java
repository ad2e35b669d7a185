package dev.turnout.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The names that a misspelt word was probably meant to be.
public final class NearestNames {
  private static final int MOST = 3;
  private static final int LONGEST = 64;

  private NearestNames() {}

  /// The nearest of `names` by edit distance, in quotes: none, or up to three that are equally
  /// near.
  public static List<String> of(String written, Iterable<String> names) {
    String word = written.toLowerCase(Locale.ROOT);
    List<String> near = new ArrayList<>();
    if (word.length() > LONGEST) {
      return near;
    }
    int best = allowed(word.length());
    for (String name : names) {
      int distance = distance(word, name, best);
      if (distance < best) {
        near.clear();
        best = distance;
      }
      if (distance <= best && near.size() < MOST) {
        near.add("\"" + name + "\"");
      }
    }
    return near;
  }

  /// How many slips are still the same word: "on" is not "off".
  private static int allowed(int length) {
    return length < 3 ? 0 : length < 6 ? 1 : length < 12 ? 2 : 3;
  }

  /// The optimal string alignment distance (swapped neighbours count once), or any number above
  /// `limit` once it is exceeded.
  static int distance(String a, String b, int limit) {
    if (Math.abs(a.length() - b.length()) > limit) {
      return limit + 1;
    }
    int[] beforeLast = new int[b.length() + 1];
    int[] last = new int[b.length() + 1];
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      last[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      row[0] = i;
      int least = i;
      for (int j = 1; j <= b.length(); j++) {
        int cost = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int d = Math.min(Math.min(row[j - 1], last[j]) + 1, last[j - 1] + cost);
        if (i > 1 && j > 1 && swapped(a, i, b, j)) {
          d = Math.min(d, beforeLast[j - 2] + 1);
        }
        row[j] = d;
        least = Math.min(least, d);
      }
      if (least > limit) {
        return limit + 1;
      }
      int[] free = beforeLast;
      beforeLast = last;
      last = row;
      row = free;
    }
    return last[b.length()];
  }

  private static boolean swapped(String a, int i, String b, int j) {
    return a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
  }
}

package dev.turnout.lua;

import dev.turnout.lua.regex.PerlRegex;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The regular expressions that scripts of one VM have compiled, by number. Owned by the VM.
final class LuaRegexes {
  private final List<@Nullable PerlRegex> compiled = new ArrayList<>();
  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private final PerlRegex.Places places = new PerlRegex.Places();
  private final Found found = new Found();

  /// Places of several matches, one after the other.
  static final class Found {
    private int[] array = new int[64];
    private int count;

    void clear() {
      count = 0;
    }

    void add(int[] places, int length) {
      if (array.length < count + length) {
        array = Arrays.copyOf(array, (count + length) * 2);
      }
      System.arraycopy(places, 0, array, count, length);
      count += length;
    }

    int[] array() {
      return array;
    }

    int count() {
      return count;
    }
  }

  int add(PerlRegex regex) {
    Integer number = free.poll();
    if (number != null) {
      compiled.set(number, regex);
      return number;
    }
    compiled.add(regex);
    return compiled.size() - 1;
  }

  void remove(int number) {
    compiled.set(number, null);
    free.add(number);
  }

  PerlRegex get(int number) {
    PerlRegex regex = compiled.get(number);
    if (regex == null) {
      throw new IllegalStateException("no regular expression " + number);
    }
    return regex;
  }

  PerlRegex.Places places() {
    return places;
  }

  Found found() {
    return found;
  }
}

package dev.turnout.lua;

import dev.turnout.lua.regex.PerlRegex;
import java.util.Arrays;

/// The regular expressions that scripts of one VM have compiled, by number. Owned by the VM.
final class LuaRegexes {
  private final Numbered<PerlRegex> compiled = new Numbered<>();
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
    return compiled.add(regex);
  }

  void remove(int number) {
    compiled.remove(number);
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

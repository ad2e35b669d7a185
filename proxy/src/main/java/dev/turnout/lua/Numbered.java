package dev.turnout.lua;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Things that scripts of one VM know by number. Owned by the VM.
///
/// @param <T> what they are
final class Numbered<T> {
  private final List<@Nullable T> things = new ArrayList<>();
  private final ArrayDeque<Integer> free = new ArrayDeque<>();

  int add(T thing) {
    Integer number = free.poll();
    if (number == null) {
      things.add(thing);
      return things.size() - 1;
    }
    things.set(number, thing);
    return number;
  }

  /// Its number may be another's from now on; at most once for each that was added.
  void remove(int number) {
    things.set(number, null);
    free.add(number);
  }

  @Nullable T get(int number) {
    return number >= 0 && number < things.size() ? things.get(number) : null;
  }
}

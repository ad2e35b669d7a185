package dev.turnout.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The field lines that Turnout itself adds to a response, in order. Owned by one exchange.
public final class ResponseHeaders {
  private String[] names = new String[4];
  private String[] values = new String[4];
  private int count;

  /// Forgets all lines.
  public void clear() {
    Arrays.fill(names, 0, count, "");
    Arrays.fill(values, 0, count, "");
    count = 0;
  }

  /// Adds a line after those there are.
  public void add(String name, String value) {
    if (count == names.length) {
      names = Arrays.copyOf(names, count * 2);
      values = Arrays.copyOf(values, count * 2);
    }
    names[count] = name;
    values[count] = value;
    count++;
  }

  /// Replaces all lines of this name, in any case, by one.
  public void set(String name, String value) {
    remove(name);
    add(name, value);
  }

  /// Changes the first line of this name, in any case, or adds one.
  public void replace(String name, String value) {
    for (int i = 0; i < count; i++) {
      if (name(i).equalsIgnoreCase(name)) {
        names[i] = name;
        values[i] = value;
        return;
      }
    }
    add(name, value);
  }

  /// Gives the first line of this name, in any case, the value and takes out the others; adds one
  /// if there is none.
  public void setInPlace(String name, String value) {
    int first = -1;
    for (int i = 0; i < count && first < 0; i++) {
      first = name(i).equalsIgnoreCase(name) ? i : -1;
    }
    if (first < 0) {
      add(name, value);
      return;
    }
    names[first] = name;
    values[first] = value;
    for (int i = count - 1; i > first; i--) {
      if (name(i).equalsIgnoreCase(name)) {
        remove(i);
      }
    }
  }

  /// Takes out line `i`.
  public void remove(int i) {
    System.arraycopy(names, i + 1, names, i, count - i - 1);
    System.arraycopy(values, i + 1, values, i, count - i - 1);
    count--;
  }

  /// Takes out all lines of this name, in any case.
  public void remove(String name) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (!name(i).equalsIgnoreCase(name)) {
        names[kept] = names[i];
        values[kept] = values[i];
        kept++;
      }
    }
    count = kept;
  }

  /// The value of the first line of this name, in any case.
  public @Nullable String first(String name) {
    for (int i = 0; i < count; i++) {
      if (name(i).equalsIgnoreCase(name)) {
        return value(i);
      }
    }
    return null;
  }

  /// The values of all lines of this name, in any case.
  public List<String> all(String name) {
    List<String> found = new ArrayList<>(1);
    for (int i = 0; i < count; i++) {
      if (name(i).equalsIgnoreCase(name)) {
        found.add(value(i));
      }
    }
    return found;
  }

  /// How many lines there are.
  public int count() {
    return count;
  }

  /// The name of line `i`.
  public String name(int i) {
    return Objects.requireNonNull(names[i]);
  }

  /// The value of line `i`.
  public String value(int i) {
    return Objects.requireNonNull(values[i]);
  }
}

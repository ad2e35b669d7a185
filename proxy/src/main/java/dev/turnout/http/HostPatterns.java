package dev.turnout.http;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Values of host names with wildcards, searched in nginx's order: the name itself, the longest
/// wildcard at the start, the longest at the end. Filled on one thread, then only read.
///
/// @param <V> what is found
public final class HostPatterns<V> {
  private final Map<String, V> exact = new HashMap<>();
  private final Map<String, V> under = new HashMap<>();
  private final Map<String, V> before = new HashMap<>();

  /// Adds `a.test`, `*.a.test`, `.a.test` (both of these), or `a.*`.
  ///
  /// @throws IllegalArgumentException in nginx's words
  public void add(String name, V value) {
    int star = name.indexOf('*');
    boolean isNew;
    if (name.contains("..")) {
      throw new IllegalArgumentException("invalid hostname or wildcard \"" + name + "\"");
    }
    if (star < 0 && !name.startsWith(".")) {
      isNew = exact.putIfAbsent(name, value) == null;
    } else if (star < 0 && name.length() > 1) {
      isNew = exact.putIfAbsent(name.substring(1), value) == null;
      isNew &= under.putIfAbsent(name.substring(1), value) == null;
    } else if (name.startsWith("*.") && name.length() > 2 && name.lastIndexOf('*') == 0) {
      isNew = under.putIfAbsent(name.substring(2), value) == null;
    } else if (name.endsWith(".*") && name.length() > 2 && star == name.length() - 1) {
      isNew = before.putIfAbsent(name.substring(0, star - 1), value) == null;
    } else {
      throw new IllegalArgumentException("invalid hostname or wildcard \"" + name + "\"");
    }
    if (!isNew) {
      throw new IllegalArgumentException("conflicting parameter \"" + name + "\"");
    }
  }

  /// Adds a text in which nothing is a wildcard.
  ///
  /// @throws IllegalArgumentException in nginx's words
  public void addExact(String text, V value) {
    if (exact.putIfAbsent(text, value) != null) {
      throw new IllegalArgumentException("conflicting parameter \"" + text + "\"");
    }
  }

  /// True if nothing was added.
  public boolean isEmpty() {
    return exact.isEmpty() && under.isEmpty() && before.isEmpty();
  }

  /// The value of the best match for a name in lower case, or null.
  public @Nullable V find(String name) {
    V value = exact.get(name);
    if (value != null) {
      return value;
    }
    for (int dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
      value = under.get(name.substring(dot + 1));
      if (value != null) {
        return value;
      }
    }
    for (int dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
      value = before.get(name.substring(0, dot));
      if (value != null) {
        return value;
      }
    }
    return null;
  }
}

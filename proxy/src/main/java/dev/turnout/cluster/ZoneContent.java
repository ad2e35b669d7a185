package dev.turnout.cluster;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/// What a zone holds, while journalled changes are played on it. Owned by whoever plays them.
public final class ZoneContent {
  private final Map<String, String> values;
  private final Map<String, Long> deadlines;

  private ZoneContent(Map<String, String> values, Map<String, Long> deadlines) {
    this.values = values;
    this.deadlines = deadlines;
  }

  /// What an empty zone holds.
  public static ZoneContent empty() {
    return new ZoneContent(new LinkedHashMap<>(), new HashMap<>());
  }

  /// A copy of what a zone holds.
  public static ZoneContent of(KeyvalSnapshot snapshot) {
    return new ZoneContent(
        new LinkedHashMap<>(snapshot.entries()), new HashMap<>(snapshot.deadlines()));
  }

  /// Plays a change.
  public void apply(Delta.OfZone delta) {
    delta
        .after()
        .forEach((key, value) -> {
          deadlines.remove(key);
          if (value == null) {
            values.remove(key);
          } else {
            values.put(key, value);
          }
        });
    deadlines.putAll(delta.deadlinesAfter());
  }

  /// Forgets what is over.
  public void dropExpired(long nowMillis) {
    deadlines
        .entrySet()
        .removeIf(entry -> {
          boolean over = entry.getValue() <= nowMillis;
          if (over) {
            values.remove(entry.getKey());
          }
          return over;
        });
  }

  /// All of it, as a state at `revision`.
  public KeyvalSnapshot toSnapshot(long revision) {
    return KeyvalSnapshot.of(revision, values, deadlines);
  }
}

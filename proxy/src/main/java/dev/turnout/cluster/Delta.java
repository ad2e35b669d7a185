package dev.turnout.cluster;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What one change did to one thing: enough to do it again, and to undo it.
public sealed interface Delta {
  /// An upstream before and after; null: there was none, or there is none.
  record OfUpstream(String name, @Nullable UpstreamState before, @Nullable UpstreamState after)
      implements Delta {}

  /// The keys of a zone that changed, before and after; a null value: the key was, or is, absent.
  ///
  /// @param deadlinesBefore until when the old values would have held, of those that ended
  /// @param deadlinesAfter until when the new values hold, of those that end
  record OfZone(
      String zone,
      Map<String, @Nullable String> before,
      Map<String, @Nullable String> after,
      Map<String, Long> deadlinesBefore,
      Map<String, Long> deadlinesAfter)
      implements Delta {
    // Written out: of a compact constructor the class file does not keep that values may be null.
    public OfZone(
        String zone,
        Map<String, @Nullable String> before,
        Map<String, @Nullable String> after,
        Map<String, Long> deadlinesBefore,
        Map<String, Long> deadlinesAfter) {
      this.zone = zone;
      this.before = Collections.unmodifiableMap(new LinkedHashMap<>(before));
      this.after = Collections.unmodifiableMap(new LinkedHashMap<>(after));
      this.deadlinesBefore = Map.copyOf(deadlinesBefore);
      this.deadlinesAfter = Map.copyOf(deadlinesAfter);
    }

    /// Changes of values that do not end.
    public OfZone(
        String zone, Map<String, @Nullable String> before, Map<String, @Nullable String> after) {
      this(zone, before, after, Map.of(), Map.of());
    }
  }
}

package dev.turnout.cluster.share;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The keys that somebody asked a node to change of late, each with the number of the transaction:
/// what a node that has heard of fewer transactions does not know of. So a wish can be told from
/// what a store that has gone back is left with.
///
/// @param sessions oldest first
record Asked(List<Session> sessions) {
  /// Of one process.
  ///
  /// @param dropped the number of the last transaction whose keys are not all there; 0: there is
  ///   none
  /// @param keys by key the number of the last transaction, oldest first
  record Session(String id, long dropped, Map<String, Long> keys) {
    Session {
      keys = Collections.unmodifiableMap(new LinkedHashMap<>(keys));
    }

    /// The last transaction that is known of.
    long last() {
      return keys.values().stream().mapToLong(Long::longValue).max().orElse(dropped);
    }
  }

  static final Asked NOTHING = new Asked(List.of());
  private static final int SESSIONS = 8;

  Asked {
    sessions = List.copyOf(sessions);
  }

  /// The same, and the keys of one more transaction.
  ///
  /// @param most how many keys to remember
  Asked with(String session, long number, Collection<String> keys, int most) {
    if (keys.isEmpty()) {
      return this;
    }
    List<Session> next = new ArrayList<>();
    Map<String, Long> latest = new LinkedHashMap<>();
    long dropped = 0;
    int over = keys.size() - most;
    for (Session one : sessions) {
      over += one.keys.size();
    }
    for (Session one : sessions) {
      Map<String, Long> left = new LinkedHashMap<>(one.keys);
      over -= left.size();
      left.keySet().removeAll(keys);
      over += left.size();
      long lost = one.dropped;
      for (var oldest = left.entrySet().iterator(); over > 0 && oldest.hasNext(); over--) {
        lost = oldest.next().getValue();
        oldest.remove();
      }
      if (one.id.equals(session)) {
        latest.putAll(left);
        dropped = lost;
      } else {
        next.add(new Session(one.id, lost, left));
      }
    }
    for (String key : keys) {
      if (latest.size() < most) {
        latest.put(key, number);
      } else {
        dropped = number;
      }
    }
    next.add(new Session(session, dropped, latest));
    return new Asked(next.subList(Math.max(0, next.size() - SESSIONS), next.size()));
  }

  /// True if the key was asked for, or may have been, by a later transaction than those known.
  ///
  /// @param known by session the number of the last one
  boolean mayHaveAfter(Map<String, Long> known, String key) {
    for (Session one : sessions) {
      long last = known.getOrDefault(one.id, 0L);
      if (one.dropped > last || one.keys.getOrDefault(key, 0L) > last) {
        return true;
      }
    }
    return false;
  }
}

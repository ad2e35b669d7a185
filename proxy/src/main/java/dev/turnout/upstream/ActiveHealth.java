package dev.turnout.upstream;

import dev.turnout.upstream.PeerHealth.Verdict;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What active checks have found out about one server. Written by the prober, read by whoever asks
/// for status; everything is guarded by this. Survives every change to the upstream that keeps the
/// server.
public final class ActiveHealth {
  private final Map<String, Course> courses = new HashMap<>();
  private List<ProbeRules> followed;
  private long checks;
  private long fails;
  private long unhealthy;
  private @Nullable ProbeResult last;

  /// Where one check of the server stands.
  private static final class Course {
    private int passes;
    private int fails;
    private boolean proven;
    private boolean unhealthy;

    void count(ProbeRules rules, boolean passed) {
      if (!passed) {
        passes = 0;
        fails++;
        unhealthy |= fails >= rules.fails();
        return;
      }
      fails = 0;
      passes++;
      if (unhealthy ? passes >= rules.passes() : passes >= rules.firstPasses()) {
        unhealthy = false;
        proven = true;
      }
    }
  }

  /// @param followed the checks of a new server
  ActiveHealth(List<ProbeRules> followed) {
    this.followed = followed;
  }

  /// Probes so far.
  public synchronized long checks() {
    return checks;
  }

  /// Probes that failed.
  public synchronized long fails() {
    return fails;
  }

  /// How often the server became unhealthy.
  public synchronized long unhealthy() {
    return unhealthy;
  }

  /// Whether the last probe passed; false if there was none.
  public synchronized boolean lastPassed() {
    return last != null && last.passed();
  }

  /// The last probe; null if there was none.
  public synchronized @Nullable ProbeResult last() {
    return last;
  }

  /// Successes in a row of the check with this key.
  public synchronized int rises(String check) {
    Course course = courses.get(check);
    return course == null ? 0 : course.passes;
  }

  /// Failures in a row of the check with this key.
  public synchronized int falls(String check) {
    Course course = courses.get(check);
    return course == null ? 0 : course.fails;
  }

  /// Counts a result and returns what all checks together say. One of a check that is followed no
  /// more, and was under way when that changed, says nothing.
  synchronized Verdict count(ProbeRules rules, ProbeResult result, Verdict before) {
    checks++;
    last = result;
    if (!result.passed()) {
      fails++;
    }
    if (!isFollowed(rules.key())) {
      return before;
    }
    courses.computeIfAbsent(rules.key(), _ -> new Course()).count(rules, result.passed());
    Verdict after = verdict();
    if (after == Verdict.UNHEALTHY && before != Verdict.UNHEALTHY) {
      unhealthy++;
    }
    return after;
  }

  /// Goes over to other checks; what is checked no more is forgotten.
  ///
  /// @param trusted the server took requests before
  /// @param reloaded they are those of another configuration: what the server has to prove again
  ///   then starts anew
  synchronized Verdict follow(List<ProbeRules> all, boolean trusted, boolean reloaded) {
    followed = all;
    courses.keySet().removeIf(key -> !isFollowed(key));
    for (ProbeRules rules : all) {
      if (!rules.mandatory()) {
        continue;
      }
      if (!rules.persistent()) {
        if (reloaded) {
          courses.put(rules.key(), new Course());
        }
      } else if (trusted) {
        courses.computeIfAbsent(rules.key(), _ -> new Course()).proven = true;
      }
    }
    return verdict();
  }

  private boolean isFollowed(String key) {
    return followed.stream().anyMatch(rules -> rules.key().equals(key));
  }

  private Verdict verdict() {
    boolean checking = false;
    for (ProbeRules rules : followed) {
      Course course = courses.get(rules.key());
      if (course != null && course.unhealthy) {
        return Verdict.UNHEALTHY;
      }
      checking |= rules.mandatory() && (course == null || !course.proven);
    }
    return checking ? Verdict.CHECKING : Verdict.HEALTHY;
  }
}

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

  ActiveHealth() {}

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

  /// Counts a result and returns what all checks together say.
  synchronized Verdict count(
      ProbeRules rules, ProbeResult result, List<ProbeRules> all, Verdict before) {
    checks++;
    last = result;
    if (!result.passed()) {
      fails++;
    }
    courses.computeIfAbsent(rules.key(), _ -> new Course()).count(rules, result.passed());
    Verdict after = verdict(all);
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
    courses.keySet().removeIf(key -> all.stream().noneMatch(rules -> rules.key().equals(key)));
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
    return verdict(all);
  }

  private Verdict verdict(List<ProbeRules> all) {
    boolean checking = false;
    for (ProbeRules rules : all) {
      Course course = courses.get(rules.key());
      if (course != null && course.unhealthy) {
        return Verdict.UNHEALTHY;
      }
      checking |= rules.mandatory() && (course == null || !course.proven);
    }
    return checking ? Verdict.CHECKING : Verdict.HEALTHY;
  }
}

package dev.turnout.loadgen;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/// What came of a run, as numbers; {@link Summary} and {@link JsonReport} write it down.
record Report(Plan plan, Measurement seen, long connectErrors, long reconnects, Cpu used) {
  private static final double HELD = 0.99;
  private static final long TOLERATED_LAG = 1_000_000;

  double seconds() {
    return plan.duration().toNanos() / 1e9;
  }

  /// Answers per second of the window.
  double rate() {
    return (double) seen.completed / seconds();
  }

  /// Requests without a proper answer, and connections that could not be opened.
  long errors() {
    return connectErrors + seen.broken + seen.malformed + seen.timeouts + seen.unsent;
  }

  /// Answers with a status of this class: 5 for 500 to 599.
  long statusClass(int hundreds) {
    long sum = 0;
    for (int status = hundreds * 100; status < hundreds * 100 + 100; status++) {
      sum += seen.statuses[status];
    }
    return sum;
  }

  /// The statuses that came, ascending, with their counts.
  Map<Integer, Long> statuses() {
    Map<Integer, Long> counts = new TreeMap<>();
    for (int status = 0; status < seen.statuses.length; status++) {
      if (seen.statuses[status] > 0) {
        counts.put(status, seen.statuses[status]);
      }
    }
    return counts;
  }

  Histogram corrected() {
    return seen.corrected;
  }

  Histogram uncorrected() {
    return seen.uncorrected;
  }

  /// CPU time of the generator's thread per answer, in microseconds.
  double generatorMicros() {
    return micros(used.threadNanos());
  }

  /// The same of the whole process.
  double processMicros() {
    return micros(used.processNanos());
  }

  private double micros(long nanos) {
    return seen.completed == 0 ? 0 : nanos / 1e3 / (double) seen.completed;
  }

  /// Why the schedule was not kept; empty when it was, or when there was none.
  List<String> scheduleProblems() {
    List<String> problems = new ArrayList<>();
    if (!plan.pacing().open()) {
      return problems;
    }
    if (seen.started < seen.due * HELD) {
      problems.add(
          "only %d of %d due requests could be sent in the window: the server or the %d connections do not carry %.0f requests/s"
              .formatted(seen.started, seen.due, plan.connections(), plan.pacing().rate()));
    }
    long lag = seen.lag.getValueAtPercentile(99);
    if (lag > TOLERATED_LAG) {
      problems.add(
          "the generator itself was late (p99 %.2f ms): it needs more CPU time for this rate"
              .formatted(lag / 1e6));
    }
    return problems;
  }
}

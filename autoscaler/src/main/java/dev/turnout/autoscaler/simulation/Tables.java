package dev.turnout.autoscaler.simulation;

import java.util.Formatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Outcomes as text: one block for each trace, and the mean over the traces at the end.
final class Tables {
  private Tables() {}

  static String of(List<Outcome> outcomes) {
    StringBuilder text = new StringBuilder();
    Formatter out = new Formatter(text, Locale.ROOT);
    Map<String, List<Outcome>> traces = byTrace(outcomes);
    traces.forEach((trace, all) -> {
      Outcome always = always(all);
      out.format(
          "%s  (%d requests in %.0f s)%n",
          trace, all.getFirst().requests(), all.getFirst().seconds());
      out.format(
          "  %-16s %9s %8s %9s %8s %8s %9s %9s %7s%n",
          "policy",
          "power W",
          "saves",
          "energy Wh",
          "servers",
          "server-s",
          "T95 ms",
          "T99 ms",
          "starts");
      for (Outcome one : all) {
        out.format(
            "  %-16s %9.0f %7s %9.0f %8.1f %9.0f %9.0f %9.0f %7d%n",
            one.policy(),
            one.watts(),
            saving(one, always),
            one.wattHours(),
            one.meanServers(),
            one.serverSeconds(),
            one.p95Millis(),
            one.p99Millis(),
            one.starts());
      }
    });
    if (traces.size() > 1) {
      means(out, traces);
    }
    return text.toString();
  }

  private static void means(Formatter out, Map<String, List<Outcome>> traces) {
    out.format("all %d traces%n", traces.size());
    out.format("  %-16s %12s %12s %12s%n", "policy", "mean saving", "worst T95 ms", "missed (T95)");
    for (Outcome row : traces.values().iterator().next()) {
      String policy = row.policy();
      Mean mean = Mean.of(traces, policy);
      out.format(
          "  %-16s %12s %12.0f %12s%n",
          policy,
          Double.isNaN(mean.saving)
              ? "-"
              : String.format(Locale.ROOT, "%.1f %%", mean.saving * 100),
          mean.worst,
          mean.missed == 0 ? "none" : mean.missed + " of " + traces.size());
    }
  }

  /// What a policy comes to over some traces.
  ///
  /// @param saving of power against always_on, 0 to 1; NaN if that was not run
  /// @param worst the highest T95, in milliseconds
  /// @param missed traces with a T95 above 500 ms
  record Mean(double saving, double worst, int missed) {
    static final double BOUND = 500;

    static Mean of(Map<String, List<Outcome>> traces, String policy) {
      double saving = 0;
      double worst = 0;
      int missed = 0;
      for (List<Outcome> all : traces.values()) {
        for (Outcome one : all) {
          if (one.policy().equals(policy)) {
            Outcome always = always(all);
            saving += always == null ? Double.NaN : one.savingAgainst(always);
            worst = Math.max(worst, one.p95Millis());
            missed += one.p95Millis() > BOUND ? 1 : 0;
          }
        }
      }
      return new Mean(saving / traces.size(), worst, missed);
    }
  }

  static Map<String, List<Outcome>> byTrace(List<Outcome> outcomes) {
    return outcomes.stream()
        .collect(Collectors.groupingBy(Outcome::trace, LinkedHashMap::new, Collectors.toList()));
  }

  private static @org.jspecify.annotations.Nullable Outcome always(List<Outcome> all) {
    return all.stream().filter(one -> one.policy().equals("always_on")).findFirst().orElse(null);
  }

  private static String saving(Outcome one, @org.jspecify.annotations.Nullable Outcome always) {
    return always == null
        ? "-"
        : String.format(Locale.ROOT, "%.1f %%", one.savingAgainst(always) * 100);
  }
}

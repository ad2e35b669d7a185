package dev.turnout.loadgen;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One condition of `--assert`, such as `p99<20ms`, `errors=0` or `status.503=0`.
record Expectation(String metric, String operator, double bound, String text) {
  private static final Pattern FORM =
      Pattern.compile("\\s*([a-z0-9.]+)\\s*(<=|>=|<|>|=)\\s*([0-9.]+)(ns|us|ms|s|)\\s*");
  private static final Pattern PERCENTILE = Pattern.compile("p[0-9]{1,2}(\\.[0-9]+)?");
  private static final String UNCORRECTED = "uncorrected.";

  /// Reads a comma-separated list; the message of the exception says what is wrong with it.
  static List<Expectation> list(String text) {
    List<Expectation> list = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      list.add(of(part));
    }
    return list;
  }

  private static Expectation of(String text) {
    Matcher parts = FORM.matcher(text.toLowerCase(Locale.ROOT));
    if (!parts.matches()) {
      throw new IllegalArgumentException("not a condition like p99<20ms: " + text);
    }
    String metric = parts.group(1);
    boolean time = isLatency(metric);
    if (!time && !isCount(metric)) {
      throw new IllegalArgumentException("nothing called " + metric + " is measured");
    }
    if (time == parts.group(4).isEmpty()) {
      throw new IllegalArgumentException(
          (time ? "a time with its unit is wanted: " : "a plain number is wanted: ") + text);
    }
    double bound = Double.parseDouble(parts.group(3)) * nanos(parts.group(4));
    return new Expectation(metric, parts.group(2), bound, text.strip());
  }

  private static boolean isLatency(String metric) {
    String name = withoutPrefix(metric);
    return name.equals("max") || name.equals("mean") || PERCENTILE.matcher(name).matches();
  }

  private static boolean isCount(String metric) {
    return switch (metric) {
      case "errors", "requests", "rate", "2xx", "3xx", "4xx", "5xx" -> true;
      default -> metric.matches("status\\.[1-5][0-9][0-9]");
    };
  }

  private static String withoutPrefix(String metric) {
    return metric.startsWith(UNCORRECTED) ? metric.substring(UNCORRECTED.length()) : metric;
  }

  private static double nanos(String unit) {
    return switch (unit) {
      case "us" -> 1e3;
      case "ms" -> 1e6;
      case "s" -> 1e9;
      default -> 1;
    };
  }

  boolean holds(Report report) {
    double value = measured(report);
    return switch (operator) {
      case "<" -> value < bound;
      case "<=" -> value <= bound;
      case ">" -> value > bound;
      case ">=" -> value >= bound;
      default -> value == bound;
    };
  }

  /// What was measured, in words, for the message when it does not hold.
  String measuredText(Report report) {
    double value = measured(report);
    if (Double.isNaN(value)) {
      return "nothing, as no request was answered";
    }
    return isLatency(metric)
        ? String.format(Locale.ROOT, "%.3f ms", value / 1e6)
        : String.format(Locale.ROOT, "%.1f", value);
  }

  private double measured(Report report) {
    if (isLatency(metric)) {
      return latency(report);
    }
    return switch (metric) {
      case "errors" -> (double) report.errors();
      case "requests" -> (double) report.seen().completed;
      case "rate" -> report.rate();
      case "2xx", "3xx", "4xx", "5xx" -> (double) report.statusClass(metric.charAt(0) - '0');
      default -> (double) report.seen().statuses[Integer.parseInt(metric, 7, 10, 10)];
    };
  }

  private double latency(Report report) {
    var histogram =
        metric.startsWith(UNCORRECTED) || !report.plan().pacing().open()
            ? report.uncorrected()
            : report.corrected();
    if (histogram.getTotalCount() == 0) {
      return Double.NaN; // nothing was answered: no bound holds
    }
    String name = withoutPrefix(metric);
    return switch (name) {
      case "max" -> (double) histogram.getMaxValue();
      case "mean" -> histogram.getMean();
      default -> (double) histogram.getValueAtPercentile(Double.parseDouble(name.substring(1)));
    };
  }
}

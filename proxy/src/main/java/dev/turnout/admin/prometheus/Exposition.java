package dev.turnout.admin.prometheus;

import dev.turnout.metrics.Latencies;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/// Metrics as text, family after family. Used once.
///
/// Its own writer, since the libraries for it own the metrics, too, and put `_total` after the name
/// of every counter; dashboards for nginx know most of ours without. OpenMetrics has no counters of
/// such names: there they are of unknown type, as other exporters have it.
final class Exposition {
  private static final String TOTAL = "_total";

  private final Format format;
  private final Set<String> wanted;
  private final StringBuilder out = new StringBuilder(16 * 1024);

  /// @param wanted the names of the metrics to tell of; empty for all
  Exposition(Format format, Set<String> wanted) {
    this.format = format;
    this.wanted = Set.copyOf(wanted);
  }

  /// What a metric means to whoever reads it.
  private enum Type {
    COUNTER("counter"),
    GAUGE("gauge"),
    HISTOGRAM("histogram");

    private final String text;

    Type(String text) {
      this.text = text;
    }
  }

  /// A metric that only grows.
  Family counter(String name, String help) {
    return new Family(name, help, Type.COUNTER);
  }

  /// A metric that goes up and down.
  Family gauge(String name, String help) {
    return new Family(name, help, Type.GAUGE);
  }

  /// How long something takes, in seconds.
  Family histogram(String name, String help) {
    return new Family(name, help, Type.HISTOGRAM);
  }

  /// All of it.
  byte[] end() {
    if (format == Format.OPEN_METRICS) {
      out.append("# EOF\n");
    }
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  /// One metric and its samples, which follow each other. A family without samples is not told of.
  final class Family {
    private final String name;
    private final String help;
    private final Type type;
    private final boolean isWanted;
    private boolean begun;

    private Family(String name, String help, Type type) {
      this.name = name;
      this.help = help;
      this.type = type;
      this.isWanted = wanted.isEmpty() || wanted.contains(name);
    }

    /// One sample.
    void sample(long value, Labels labels) {
      line("", Long.toString(value), labels);
    }

    /// One sample.
    void sample(double value, Labels labels) {
      line("", Double.toString(value), labels);
    }

    /// One histogram.
    void sample(Latencies value, Labels labels) {
      if (!isWanted) {
        return;
      }
      long sum = 0;
      for (Latencies.Bucket bucket : value.buckets()) {
        sum += bucket.count();
        line("_bucket", Long.toString(sum), labels.and("le", bound(bucket)));
      }
      line("_sum", Double.toString(value.sumNanos() / 1e9), labels);
      line("_count", Long.toString(sum), labels);
    }

    private static String bound(Latencies.Bucket bucket) {
      if (bucket.isUnbounded()) {
        return "+Inf";
      }
      String seconds =
          BigDecimal.valueOf(bucket.boundMicros(), 6).stripTrailingZeros().toPlainString();
      return seconds.contains(".") ? seconds : seconds + ".0";
    }

    private void line(String suffix, String value, Labels labels) {
      if (!isWanted) {
        return;
      }
      if (!begun) {
        begun = true;
        head();
      }
      out.append(name).append(suffix);
      if (!labels.isEmpty()) {
        out.append('{').append(labels.text()).append('}');
      }
      out.append(' ').append(value).append('\n');
    }

    private void head() {
      boolean open = format == Format.OPEN_METRICS;
      boolean isTotal = type == Type.COUNTER && name.endsWith(TOTAL);
      String family = open && isTotal ? name.substring(0, name.length() - TOTAL.length()) : name;
      out.append("# HELP ").append(family).append(' ');
      Labels.escape(out, help, open);
      out.append("\n# TYPE ").append(family).append(' ');
      out.append(open && type == Type.COUNTER && !isTotal ? "unknown" : type.text).append('\n');
    }
  }
}

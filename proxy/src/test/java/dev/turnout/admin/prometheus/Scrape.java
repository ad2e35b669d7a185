package dev.turnout.admin.prometheus;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a scraper that forgives nothing reads out of an exposition.
final class Scrape {
  private static final Pattern HEAD =
      Pattern.compile("# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
  private static final Pattern SAMPLE =
      Pattern.compile(
          "([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? (-?[0-9]+(?:\\.[0-9]+)?(?:[eE]-?[0-9]+)?)");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\\\\\"\n]|\\\\[\\\\\"n])*)\"(,|$)");
  private static final Set<String> TYPES = Set.of("counter", "gauge", "histogram", "unknown");

  private final boolean open;
  private final Map<String, String> types = new LinkedHashMap<>();
  private final Map<String, Double> samples = new LinkedHashMap<>();

  private Scrape(boolean open) {
    this.open = open;
  }

  /// Reads it, or says what is wrong with it.
  static Scrape of(String text, boolean open) {
    Scrape scrape = new Scrape(open);
    scrape.read(text);
    scrape.checkHistograms();
    return scrape;
  }

  private void read(String text) {
    require(text.endsWith("\n"), "the last line ends");
    List<String> lines = List.of(text.substring(0, text.length() - 1).split("\n", -1));
    require(lines.getLast().equals("# EOF") == open, "EOF ends OpenMetrics and nothing else");
    String family = "";
    String helped = "";
    for (String line : open ? lines.subList(0, lines.size() - 1) : lines) {
      Matcher head = HEAD.matcher(line);
      if (head.matches() && head.group(1).equals("HELP")) {
        helped = head.group(2);
      } else if (head.matches()) {
        family = head.group(2);
        require(family.equals(helped), "help comes before the type: " + line);
        require(TYPES.contains(head.group(3)), "a type: " + line);
        require(open || !head.group(3).equals("unknown"), "a type of this format: " + line);
        require(types.put(family, head.group(3)) == null, "one block for each: " + line);
      } else {
        sample(line, family);
      }
    }
  }

  private void sample(String line, String family) {
    Matcher sample = SAMPLE.matcher(line);
    require(sample.matches(), "a sample: " + line);
    String name = sample.group(1);
    String type = types.get(family);
    require(type != null && name.startsWith(family), "in the block of its family: " + line);
    String suffix = name.substring(family.length());
    Set<String> suffixes =
        switch (String.valueOf(type)) {
          case "counter" -> Set.of(open ? "_total" : "");
          case "histogram" -> Set.of("_bucket", "_sum", "_count");
          default -> Set.of("");
        };
    require(suffixes.contains(suffix), "a name for a " + type + ": " + line);
    double value = Double.parseDouble(sample.group(3));
    require(value >= 0, "nothing here is negative: " + line);
    String series = name + labels(sample.group(2), line);
    require(samples.put(series, value) == null, "once: " + line);
  }

  private static Map<String, String> labels(String text, String line) {
    Map<String, String> labels = new TreeMap<>();
    int at = 0;
    Matcher label = LABEL.matcher(text == null ? "" : text);
    while (text != null && at < text.length()) {
      require(label.find(at) && label.start() == at, "labels: " + line);
      String value =
          label.group(2).replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\");
      require(labels.put(label.group(1), value) == null, "each label once: " + line);
      at = label.end();
      require(label.group(3).isEmpty() == (at == text.length()), "no comma at the end: " + line);
    }
    return labels;
  }

  private void checkHistograms() {
    types.forEach((family, type) -> {
      if (type.equals("histogram")) {
        checkHistogram(family);
      }
    });
  }

  /// For each combination of the other labels: bounds that grow, counts that do not shrink, and the
  /// count of the last.
  private void checkHistogram(String family) {
    Set<String> checked = new TreeSet<>();
    Map<String, Double> last = new LinkedHashMap<>();
    Map<String, Double> bounds = new LinkedHashMap<>();
    samples.forEach((series, value) -> {
      if (series.startsWith(family + "_bucket")) {
        String bound = series.replaceFirst(".*\\ble=([^,}]*).*", "$1");
        String rest = series.replaceFirst("le=[^,}]*(, )?", "").replace(", }", "}");
        double le = bound.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(bound);
        require(le > bounds.getOrDefault(rest, -1.0), "bounds grow: " + series);
        require(value >= last.getOrDefault(rest, 0.0), "counts grow: " + series);
        bounds.put(rest, le);
        last.put(rest, value);
        checked.add(rest);
      }
    });
    require(!checked.isEmpty(), family + " has buckets");
    for (String rest : checked) {
      require(Double.isInfinite(bounds.getOrDefault(rest, 0.0)), rest + " ends with +Inf");
      Double count = samples.get(rest.replace("_bucket", "_count"));
      require(Objects.equals(last.get(rest), count), rest + " has a count");
      require(samples.containsKey(rest.replace("_bucket", "_sum")), rest + " has a sum");
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("not so: " + what);
    }
  }

  /// The type of a family.
  String type(String family) {
    return types.getOrDefault(family, "");
  }

  Set<String> families() {
    return types.keySet();
  }

  /// The value of a sample; `labels` are names and values by turns.
  double value(String name, String... labels) {
    Map<String, String> wanted = new TreeMap<>();
    for (int i = 0; i < labels.length; i += 2) {
      wanted.put(labels[i], labels[i + 1]);
    }
    Double value = samples.get(name + wanted);
    if (value == null) {
      throw new AssertionError("no " + name + wanted + " in " + samples.keySet());
    }
    return value;
  }
}

package dev.turnout.scale;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a node announces of what its autoscalers see: `name=complete,in system,rate,error share`,
/// the servers that are busy, and `;` after each.
final class CohortText {
  private static final int FIGURES = 4;

  private CohortText() {}

  /// A name in visible ASCII without our marks.
  static String escaped(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8);
  }

  static String of(Map<String, Standing.Figures> byName) {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(byName)
        .forEach((name, figures) ->
            text.append(
                String.format(
                    Locale.ROOT,
                    "%s=%d,%.3f,%.3f,%.4f%s;",
                    escaped(name),
                    figures.complete() ? 1 : 0,
                    figures.inSystem(),
                    figures.rate(),
                    figures.errorShare(),
                    figures.busy().stream()
                        .sorted()
                        .map(one -> "," + escaped(one))
                        .collect(Collectors.joining()))));
    return text.toString();
  }

  /// What a node said of one thing; unknown if it said nothing, or nothing that can be read.
  static Standing.Figures find(@Nullable String text, String name) {
    String begin = escaped(name) + "=";
    for (String one : text == null ? new String[0] : text.split(";", -1)) {
      if (one.startsWith(begin)) {
        return parse(one.substring(begin.length()).split(",", -1));
      }
    }
    return Standing.Figures.UNKNOWN;
  }

  private static Standing.Figures parse(String[] parts) {
    try {
      Set<String> busy =
          java.util.Arrays.stream(parts)
              .skip(FIGURES)
              .map(one -> java.net.URLDecoder.decode(one, StandardCharsets.UTF_8))
              .collect(Collectors.toSet());
      return new Standing.Figures(
          parts[0].equals("1"),
          Double.parseDouble(parts[1]),
          Double.parseDouble(parts[2]),
          Double.parseDouble(parts[3]),
          busy);
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException _) {
      return Standing.Figures.UNKNOWN;
    }
  }
}

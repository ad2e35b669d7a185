package dev.turnout.http.rewrite;

import dev.turnout.http.Capture;
import dev.turnout.http.Exchange;
import dev.turnout.http.HostPatterns;
import dev.turnout.http.Template;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The lines of a `map` as they are searched: exact texts in any case, then (with `hostnames`) the
/// longest wildcard at the start, the longest at the end, then regular expressions in order.
/// Immutable.
final class MapTable {
  private final HostPatterns<Template> texts;
  private final List<Pattern> patterns;
  private final Template otherwise;
  private final boolean hostnames;

  private record Pattern(Capture regex, Template value) {}

  private MapTable(Draft draft) {
    texts = draft.texts;
    patterns = List.copyOf(draft.patterns);
    otherwise = draft.otherwise == null ? Template.empty() : draft.otherwise;
    hostnames = draft.hostnames;
  }

  /// The value that `text` is mapped to; captures of a regular expression are the exchange's then.
  Template find(String text, Exchange exchange) {
    String key = lower(text);
    if (hostnames && key.endsWith(".")) {
      key = key.substring(0, key.length() - 1);
    }
    Template value = texts.find(key);
    if (value != null) {
      return value;
    }
    if (text.isEmpty()) {
      return otherwise; // nginx tries no expression on nothing
    }
    for (Pattern pattern : patterns) {
      if (pattern.regex().find(text, exchange)) {
        return pattern.value();
      }
    }
    return otherwise;
  }

  /// Lower case in ASCII alone; the same instance if nothing changes, as mostly.
  private static String lower(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        return lowered(text);
      }
    }
    return text;
  }

  private static String lowered(String text) {
    StringBuilder out = new StringBuilder(text);
    for (int i = 0; i < out.length(); i++) {
      char c = out.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        out.setCharAt(i, (char) (c + 32));
      }
    }
    return out.toString();
  }

  /// A table while its lines are read.
  static final class Draft {
    private final HostPatterns<Template> texts = new HostPatterns<>();
    private final List<Pattern> patterns = new ArrayList<>();
    private @Nullable Template otherwise;
    private boolean hostnames;

    /// Keys from now on may be names with wildcards.
    void hostnames() {
      hostnames = true;
    }

    /// `default`; false if there is one.
    boolean otherwise(Template value) {
      boolean first = otherwise == null;
      otherwise = value;
      return first;
    }

    void pattern(Capture regex, Template value) {
      patterns.add(new Pattern(regex, value));
    }

    /// A text or, with `hostnames`, a name.
    ///
    /// @throws IllegalArgumentException in nginx's words
    void key(String text, Template value) {
      String key = text.toLowerCase(Locale.ROOT);
      if (hostnames) {
        texts.add(key, value);
      } else {
        texts.addExact(key, value);
      }
    }

    MapTable finish() {
      return new MapTable(this);
    }
  }
}

package dev.turnout.http.access;

import dev.turnout.http.HostPatterns;
import dev.turnout.http.Regex;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The pages that links may come from, as `valid_referers` names them for one location.
///
/// @param isAnything true where nothing is said
/// @param none a request without `Referer` is valid
/// @param blocked so is one whose field is no address of a page
/// @param hosts hosts, each with the beginning of the path, which is empty if any will do
/// @param serverPatterns regular expressions for hosts
/// @param patterns regular expressions for what follows the scheme
record Referers(
    boolean isAnything,
    boolean none,
    boolean blocked,
    HostPatterns<String> hosts,
    List<Regex> serverPatterns,
    List<Regex> patterns) {
  private static final int SHORTEST = "http://i.ru".length();
  private static final int LONGEST_HOST = 256;

  Referers {
    serverPatterns = List.copyOf(serverPatterns);
    patterns = List.copyOf(patterns);
  }

  /// True if a request with this `Referer` may have what it asks for.
  boolean areValid(@Nullable String referer) {
    if (isAnything) {
      return true;
    }
    if (referer == null) {
      return none;
    }
    int start = afterScheme(referer);
    return start < 0 ? blocked : isValid(referer.substring(start));
  }

  private static int afterScheme(String referer) {
    if (referer.length() < SHORTEST) {
      return -1;
    }
    if (referer.regionMatches(true, 0, "http://", 0, 7)) {
      return 7;
    }
    return referer.regionMatches(true, 0, "https://", 0, 8) ? 8 : -1;
  }

  private boolean isValid(String page) {
    int end = 0;
    while (end < page.length() && page.charAt(end) != '/' && page.charAt(end) != ':') {
      end++;
    }
    if (end > LONGEST_HOST) {
      return false;
    }
    String host = page.substring(0, end).toLowerCase(Locale.ROOT);
    String path = hosts.find(host);
    if (path != null) {
      int slash = page.indexOf('/', end);
      return path.isEmpty() || (slash >= 0 && page.startsWith(path, slash));
    }
    return serverPatterns.stream().anyMatch(regex -> regex.test(host))
        || patterns.stream().anyMatch(regex -> regex.test(page));
  }
}

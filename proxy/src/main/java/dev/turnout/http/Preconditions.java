package dev.turnout.http;

import org.jspecify.annotations.Nullable;

/// Conditional requests (RFC 9110 section 13) as nginx judges them.
public final class Preconditions {
  /// `if_modified_since`.
  public enum ModifiedSince {
    OFF,
    EXACT,
    BEFORE
  }

  private Preconditions() {}

  /// True if `If-Unmodified-Since` or `If-Match` rule the answer out: 412.
  ///
  /// @param lastModified seconds, or -1
  public static boolean fail(Fields request, long lastModified, @Nullable String etag) {
    String unmodified = request.first(FieldName.IF_UNMODIFIED_SINCE);
    if (unmodified != null && (lastModified < 0 || HttpDate.parse(unmodified) < lastModified)) {
      return true;
    }
    String match = request.first(FieldName.IF_MATCH);
    return match != null && !matches(match, etag, false);
  }

  /// True if the client has this already: 304.
  ///
  /// @param lastModified seconds, or -1
  public static boolean notModified(
      Fields request, long lastModified, @Nullable String etag, ModifiedSince rule) {
    String since = request.first(FieldName.IF_MODIFIED_SINCE);
    String noneMatch = request.first(FieldName.IF_NONE_MATCH);
    if (since == null && noneMatch == null) {
      return false;
    }
    if (since != null && isModified(since, lastModified, rule)) {
      return false;
    }
    return noneMatch == null || matches(noneMatch, etag, true);
  }

  private static boolean isModified(String since, long lastModified, ModifiedSince rule) {
    if (lastModified < 0 || rule == ModifiedSince.OFF) {
      return true;
    }
    long time = HttpDate.parse(since);
    return time != lastModified && (rule == ModifiedSince.EXACT || time < lastModified);
  }

  /// True if `etag` is in the list of a field; with `weak`, strength does not matter.
  static boolean matches(String list, @Nullable String etag, boolean weak) {
    if (list.equals("*")) {
      return true;
    }
    if (etag == null) {
      return false;
    }
    String wanted = weak && etag.startsWith("W/") ? etag.substring(2) : etag;
    int at = 0;
    while (at < list.length()) {
      if (weak && list.startsWith("W/", at)) {
        at += 2;
      }
      if (list.startsWith(wanted, at)) {
        int end = skip(list, at + wanted.length(), " \t");
        if (end == list.length() || list.charAt(end) == ',') {
          return true;
        }
      }
      int comma = list.indexOf(',', at);
      if (comma < 0) {
        return false;
      }
      at = skip(list, comma, " \t,");
    }
    return false;
  }

  private static int skip(String text, int from, String what) {
    int at = from;
    while (at < text.length() && what.indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    return at;
  }
}

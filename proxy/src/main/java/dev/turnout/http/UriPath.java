package dev.turnout.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// A request target split into a normalised path and its arguments, as nginx does it.
///
/// The path is percent-decoded, without `.` and `..` segments and (by `merge_slashes`) without
/// empty ones; each char is one byte. The arguments stay as they were sent.
///
/// @param path begins with a slash, or is `*`
/// @param args what follows the first `?`, or null if there is none
/// @param unchanged the raw path is its own normal form
/// @param decoded something was percent-encoded: passing the path on means encoding it again
public record UriPath(String path, @Nullable String args, boolean unchanged, boolean decoded) {

  /// The target of a request whose codec has looked at every byte of it already. Null if the path
  /// is invalid: a wrong escape, a NUL, or a way out above the root.
  public static @Nullable UriPath of(RequestHead head, boolean mergeSlashes) {
    byte[] data = head.data();
    int start = head.targetStart();
    int pathEnd = head.pathEnd();
    if (!head.plainPath()) {
      return of(data, start, head.targetEnd(), mergeSlashes);
    }
    String path = pathEnd == head.targetEnd() ? head.rawTarget() : text(data, start, pathEnd);
    String args = args(data, pathEnd, head.targetEnd());
    return new UriPath(path, args, true, false);
  }

  /// The target `target`, or null if its path is invalid.
  public static @Nullable UriPath of(String target, boolean mergeSlashes) {
    byte[] data = target.getBytes(StandardCharsets.ISO_8859_1);
    return of(data, 0, data.length, mergeSlashes);
  }

  /// The target in `data[start, end)`, or null if its path is invalid.
  public static @Nullable UriPath of(byte[] data, int start, int end, boolean mergeSlashes) {
    int p = start;
    boolean plain = start < end && data[start] == '/';
    while (p < end && data[p] != '?' && data[p] != '#') {
      if (data[p] == '%') {
        plain = false;
      } else if (data[p] == '/' && p + 1 < end && (data[p + 1] == '/' || data[p + 1] == '.')) {
        plain = false;
      }
      p++;
    }
    int pathEnd = p;
    String args = null;
    if (p < end && data[p] == '?') {
      while (p < end && data[p] != '#') {
        p++;
      }
      args = args(data, pathEnd, p);
    }
    if (plain) {
      return new UriPath(text(data, start, pathEnd), args, true, false);
    }
    if (pathEnd == start) {
      return new UriPath("/", args, false, false); // http://host?args
    }
    return new PathNormalizer(data, start, pathEnd, mergeSlashes).normalized(args);
  }

  /// The target of a subrequest or an internal redirect as a configuration or a script writes it:
  /// decoded, else as it is. Null if it is empty or leads upwards, which nginx calls unsafe.
  public static @Nullable UriPath ofInternal(String target) {
    int question = target.indexOf('?');
    String raw = question < 0 ? target : target.substring(0, question);
    String path = UriEscape.unescape(raw);
    boolean climbs = path.equals("..") || path.startsWith("../") || (path + "/").contains("/../");
    if (path.isEmpty() || climbs || path.indexOf('\0') >= 0) {
      return null;
    }
    String args = question < 0 ? null : target.substring(question + 1);
    boolean decoded = path.length() != raw.length();
    return new UriPath(path, args, !decoded, decoded);
  }

  /// What follows the question mark at `question`: null if nothing does.
  private static @Nullable String args(byte[] data, int question, int end) {
    return question + 1 < end ? text(data, question + 1, end) : null;
  }

  static String text(byte[] data, int start, int end) {
    return new String(data, start, end - start, StandardCharsets.ISO_8859_1);
  }
}

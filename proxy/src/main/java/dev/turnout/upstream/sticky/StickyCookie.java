package dev.turnout.upstream.sticky;

import java.util.ArrayList;
import java.util.List;

/// `sticky cookie`: the client brings the route back in a cookie, which every response sets anew.
///
/// @param name the cookie's name
/// @param expires when it ends: after so many seconds, [#MAX], or [#SESSION]
/// @param domain an expression; empty for none
/// @param path empty for none
/// @param sameSite an expression; empty for none
public record StickyCookie(
    String name,
    long expires,
    String domain,
    String path,
    boolean httpOnly,
    boolean secure,
    String sameSite)
    implements Sticky {
  /// It ends with the client's session.
  public static final long SESSION = -1;

  /// It ends as late as old clients can reckon.
  public static final long MAX = Long.MAX_VALUE;

  /// A cookie without attributes.
  public StickyCookie(String name) {
    this(name, SESSION, "", "", false, false, "");
  }

  @Override
  public List<String> words() {
    List<String> words = new ArrayList<>(List.of("cookie", name));
    if (expires != SESSION) {
      words.add("expires=" + (expires == MAX ? "max" : expires + "s"));
    }
    addIfAny(words, "domain=", domain);
    addIfAny(words, "path=", path);
    if (httpOnly) {
      words.add("httponly");
    }
    if (secure) {
      words.add("secure");
    }
    addIfAny(words, "samesite=", sameSite);
    return words;
  }

  private static void addIfAny(List<String> words, String name, String value) {
    if (!value.isEmpty()) {
      words.add(name + value);
    }
  }
}

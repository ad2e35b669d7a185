package dev.turnout.admin.gate;

import java.util.Locale;

/// A name in which each `*` stands for any characters; the case of letters does not matter, as it
/// does not in names of upstreams and hosts.
record NamePattern(String text) {
  NamePattern {
    text = text.toLowerCase(Locale.ROOT);
  }

  boolean matches(String name) {
    String given = name.toLowerCase(Locale.ROOT);
    int at = 0;
    int pattern = 0;
    int star = -1; // the last one that was met, and where what it stands for ends
    int end = 0;
    while (at < given.length()) {
      if (pattern < text.length() && text.charAt(pattern) == '*') {
        star = pattern++;
        end = at;
      } else if (pattern < text.length() && text.charAt(pattern) == given.charAt(at)) {
        pattern++;
        at++;
      } else if (star >= 0) {
        pattern = star + 1;
        at = ++end;
      } else {
        return false;
      }
    }
    while (pattern < text.length() && text.charAt(pattern) == '*') {
      pattern++;
    }
    return pattern == text.length();
  }

  @Override
  public String toString() {
    return text;
  }
}

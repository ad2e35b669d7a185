package dev.turnout.lua.regex;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A pattern in PCRE's syntax, rewritten for the engine: quotations are spelled out, named groups
/// become numbered ones whose names are noted, and escapes that the engine reads in another way are
/// replaced by what they mean.
final class PerlSyntax {
  private final String in;
  private final boolean utf8;
  private final boolean extended;
  private final boolean javascript;
  private final StringBuilder out;
  private final List<PerlRegex.Name> names = new ArrayList<>();
  private int at;
  private int groups;

  /// @param pattern chars are bytes
  PerlSyntax(String pattern, int flags) {
    in = pattern;
    utf8 = (flags & PerlRegex.UTF8) != 0;
    extended = (flags & PerlRegex.EXTENDED) != 0;
    javascript = (flags & PerlRegex.JAVASCRIPT) != 0;
    out = new StringBuilder(pattern.length() + 16);
    groups = 0;
    rewrite();
  }

  byte[] pattern() {
    return out.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  List<PerlRegex.Name> names() {
    return names;
  }

  private void rewrite() {
    while (at < in.length()) {
      char c = in.charAt(at);
      switch (c) {
        case '\\' -> escape(false);
        case '[' -> set();
        case '(' -> group();
        case '#' -> {
          if (extended) {
            comment();
          } else {
            copy(1);
          }
        }
        default -> copy(1);
      }
    }
  }

  private void copy(int count) {
    out.append(in, at, Math.min(in.length(), at + count));
    at = Math.min(in.length(), at + count);
  }

  /// With `x` nothing counts up to the end of the line.
  private void comment() {
    while (at < in.length() && in.charAt(at) != '\n') {
      at++;
    }
  }

  private void escape(boolean inSet) {
    if (at + 1 >= in.length()) {
      copy(1);
      return;
    }
    char c = in.charAt(at + 1);
    switch (c) {
      case 'Q' -> quotation();
      case 'E' -> at += 2;
      case 'N' -> replace(inSet ? "\\N" : "[^\\n]", 2);
      case 'h' -> replace(inSet ? "\\t " : "[\\t ]", 2);
      case 'H' -> replace(inSet ? "\\x00-\\x08\\x0a-\\x1f!-\\xff" : "[^\\t ]", 2);
      case 'v' -> replace(inSet ? "\\n\\x0b\\f\\r" : "[\\n\\x0b\\f\\r]", 2);
      case 'V' -> replace(inSet ? "\\x00-\\x09\\x0e-\\xff" : "[^\\n\\x0b\\f\\r]", 2);
      case 'x' -> hexadecimal();
      case 'u' -> {
        if (javascript) {
          codePoint();
        } else {
          throw new PerlRegex.Invalid(
              "PCRE2 does not support \\F, \\L, \\l, \\N{name}, \\U, or \\u");
        }
      }
      case 'k' -> namedReference();
      case 'g' -> numberedReference();
      default -> copy(2);
    }
  }

  private void replace(String by, int length) {
    out.append(by);
    at += length;
  }

  private void quotation() {
    int end = in.indexOf("\\E", at + 2);
    String text = in.substring(at + 2, end < 0 ? in.length() : end);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80 && !Character.isLetterOrDigit(c)) {
        out.append('\\');
      }
      out.append(c);
    }
    at = end < 0 ? in.length() : end + 2;
  }

  /// A code point, or without UTF-8 a byte.
  private void hexadecimal() {
    int digits = at + 2;
    int end = digits;
    boolean braces = digits < in.length() && in.charAt(digits) == '{';
    if (braces) {
      digits++;
      end = in.indexOf('}', digits);
      if (end < 0) {
        copy(2);
        return;
      }
    } else {
      while (end < in.length() && end < digits + 2 && Character.digit(in.charAt(end), 16) >= 0) {
        end++;
      }
    }
    int code = 0;
    for (int i = digits; i < end; i++) {
      int digit = Character.digit(in.charAt(i), 16);
      if (digit < 0 || code > 0x10ffff) {
        copy(2);
        return;
      }
      code = code * 16 + digit;
    }
    character(code);
    at = braces ? end + 1 : end;
  }

  /// Four digits.
  private void codePoint() {
    int end = at + 6;
    int code = 0;
    for (int i = at + 2; i < end; i++) {
      int digit = i < in.length() ? Character.digit(in.charAt(i), 16) : -1;
      if (digit < 0) {
        replace("u", 2);
        return;
      }
      code = code * 16 + digit;
    }
    character(code);
    at = end;
  }

  private void character(int code) {
    if (utf8 && code > 0x7f) {
      out.append("\\x{").append(Integer.toHexString(code)).append('}');
    } else if (code > 0xff) {
      throw new PerlRegex.Invalid("character code point value in \\x{} or \\o{} is too large");
    } else {
      out.append(String.format("\\x%02x", code));
    }
  }

  private void namedReference() {
    char open = at + 2 < in.length() ? in.charAt(at + 2) : ' ';
    char close = open == '<' ? '>' : open == '{' ? '}' : open == '\'' ? '\'' : ' ';
    int end = close == ' ' ? -1 : in.indexOf(close, at + 3);
    if (end < 0) {
      copy(2);
    } else {
      reference(in.substring(at + 3, end));
      at = end + 1;
    }
  }

  private void numberedReference() {
    int begin = at + 2;
    char open = begin < in.length() ? in.charAt(begin) : ' ';
    if (open == '<' || open == '\'') {
      copy(2); // a call
      return;
    }
    int end = begin;
    String name;
    if (open == '{') {
      end = in.indexOf('}', begin);
      if (end < 0) {
        copy(2);
        return;
      }
      name = in.substring(begin + 1, end);
      end++;
    } else {
      if (open == '-') {
        end++;
      }
      while (end < in.length() && Character.isDigit(in.charAt(end))) {
        end++;
      }
      name = in.substring(begin, end);
    }
    reference(name);
    at = end;
  }

  private void reference(String name) {
    int number;
    try {
      number = Integer.parseInt(name);
      number = number < 0 ? groups + 1 + number : number;
    } catch (NumberFormatException _) {
      number = named(name);
    }
    if (number <= 0) {
      throw new PerlRegex.Invalid("reference to non-existent subpattern");
    }
    out.append("(?:\\").append(number).append(')');
  }

  private int named(String name) {
    for (PerlRegex.Name each : names) {
      if (each.name().equals(name)) {
        return each.group();
      }
    }
    return -1;
  }

  private void set() {
    copy(1);
    if (at < in.length() && in.charAt(at) == '^') {
      copy(1);
    }
    if (at < in.length() && in.charAt(at) == ']') {
      out.append("\\]");
      at++;
    }
    while (at < in.length()) {
      char c = in.charAt(at);
      if (c == ']') {
        copy(1);
        return;
      }
      if (c == '\\') {
        escape(true);
      } else if (c == '[' && isPosixClass()) {
        int end = in.indexOf(":]", at + 2);
        copy(end + 2 - at);
      } else if (c == '[' || c == '&') {
        out.append('\\');
        copy(1);
      } else {
        copy(1);
      }
    }
  }

  private boolean isPosixClass() {
    if (at + 1 >= in.length() || in.charAt(at + 1) != ':') {
      return false;
    }
    int end = in.indexOf(":]", at + 2);
    if (end < 0) {
      return false;
    }
    for (int i = at + 2; i < end; i++) {
      char c = in.charAt(i);
      if (c != '^' && (c < 'a' || c > 'z')) {
        return false;
      }
    }
    return true;
  }

  private void group() {
    if (!in.startsWith("(?", at)) {
      if (in.startsWith("(*", at) && in.indexOf(')', at) > 0) {
        verb();
        return;
      }
      groups++;
      copy(1);
      return;
    }
    if (in.startsWith("(?P=", at)) {
      int end = in.indexOf(')', at);
      reference(in.substring(at + 4, end < 0 ? in.length() : end));
      at = end < 0 ? in.length() : end + 1;
      return;
    }
    int call = callLength();
    if (call > 0) {
      call(in.substring(at + 2, at + call - 1));
      at += call;
      return;
    }
    int name = nameStart();
    if (name == 0) {
      copy(2);
      return;
    }
    char close = in.charAt(name - 1) == '\'' ? '\'' : '>';
    int end = in.indexOf(close, name);
    if (end < 0) {
      throw new PerlRegex.Invalid("syntax error in subpattern name (missing terminator?)");
    }
    groups++;
    names.add(new PerlRegex.Name(in.substring(name, end), groups));
    out.append('(');
    at = end + 1;
  }

  private int nameStart() {
    if (in.startsWith("(?P<", at)) {
      return at + 4;
    }
    if (in.startsWith("(?'", at)) {
      return at + 3;
    }
    boolean named =
        in.startsWith("(?<", at) && !in.startsWith("(?<=", at) && !in.startsWith("(?<!", at);
    return named ? at + 3 : 0;
  }

  /// The length of a call of a group: `(?R)`, `(?1)`, `(?&name)`, `(?P>name)`; 0 if it is none.
  private int callLength() {
    int end = in.indexOf(')', at);
    if (end < 0) {
      return 0;
    }
    String inside = in.substring(at + 2, end);
    boolean isCall =
        inside.equals("R")
            || inside.matches("[+-]?[0-9]+")
            || inside.startsWith("&")
            || inside.startsWith("P>");
    return isCall ? end + 1 - at : 0;
  }

  private void call(String what) {
    int number;
    if (what.equals("R")) {
      number = 0;
    } else if (what.startsWith("&") || what.startsWith("P>")) {
      String name = what.substring(what.startsWith("&") ? 1 : 2);
      number = named(name);
      if (number < 0) {
        throw new PerlRegex.Invalid("reference to non-existent subpattern");
      }
    } else {
      number = Integer.parseInt(what.startsWith("+") ? what.substring(1) : what);
      number = what.startsWith("+") ? groups + number : number < 0 ? groups + 1 + number : number;
    }
    out.append("\\g<").append(number).append('>');
  }

  /// A verb: those that only ask for what is so anyway are passed over.
  private void verb() {
    int end = in.indexOf(')', at);
    String verb = in.substring(at + 2, end);
    if (verb.equals("FAIL") || verb.equals("F")) {
      out.append("(?!)");
    } else if (!verb.equals("UTF8") && !verb.equals("UTF") && !verb.equals("LF")) {
      throw new PerlRegex.Invalid("(*" + verb + ") is not supported");
    }
    at = end + 1;
  }
}

package dev.turnout.http;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/// A regular expression of the configuration, in PCRE's syntax as far as `java.util.regex` has it.
/// Immutable.
///
/// Group names may hold underscores, which Java does not allow: they are renumbered here. A match
/// that takes too many steps ends with {@link TooManySteps}, as PCRE's match limit ends it in
/// nginx.
public final class Regex {
  private static final int STEP_LIMIT = 2_000_000;

  private final String source;
  private final Pattern pattern;
  private final List<Name> names;

  /// A named capture: the variable it sets and the number of its group.
  public record Name(String variable, int group) {}

  private Regex(String source, Pattern pattern, List<Name> names) {
    this.source = source;
    this.pattern = pattern;
    this.names = List.copyOf(names);
  }

  /// A match that took too long to find.
  public static final class TooManySteps extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooManySteps(String source) {
      super("regular expression \"" + source + "\" took too many steps", null, false, false);
    }
  }

  /// Compiles `source`.
  ///
  /// @throws IllegalArgumentException in nginx's words if it is not valid
  public static Regex compile(String source, boolean ignoreCase) {
    List<Name> names = new ArrayList<>();
    String plain = withoutNames(source, names);
    try {
      return new Regex(
          source, Pattern.compile(plain, ignoreCase ? Pattern.CASE_INSENSITIVE : 0), names);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "pcre2_compile() failed: "
              + e.getDescription().toLowerCase(java.util.Locale.ROOT)
              + " in \""
              + source
              + "\" at "
              + Math.max(0, e.getIndex()),
          e);
    }
  }

  /// As written.
  public String source() {
    return source;
  }

  /// Its named captures.
  public List<Name> names() {
    return names;
  }

  /// True if it is found in `text`; then `$1` and so on of the exchange are its captures.
  public boolean matches(String text, Exchange exchange) {
    Matcher matcher = pattern.matcher(new Counted(text, this));
    if (!matcher.find()) {
      return false;
    }
    exchange.captured(text, matcher);
    return true;
  }

  /// True if it is found in `text`; captures are not kept.
  public boolean test(String text) {
    return pattern.matcher(new Counted(text, this)).find();
  }

  /// The groups of where it is first found in `text`, the whole match first and empty for those
  /// that took no part; null if it is not found.
  public String @Nullable [] groups(String text) {
    Matcher matcher = pattern.matcher(new Counted(text, this));
    if (!matcher.find()) {
      return null;
    }
    String[] groups = new String[matcher.groupCount() + 1];
    for (int i = 0; i < groups.length; i++) {
      int start = matcher.start(i);
      groups[i] = start < 0 ? "" : text.substring(start, matcher.end(i));
    }
    return groups;
  }

  /// Turns `(?<name>`, `(?'name'` and `(?P<name>` into plain groups and notes their numbers.
  private static String withoutNames(String source, List<Name> names) {
    StringBuilder out = new StringBuilder(source.length());
    int group = 0;
    boolean inClass = false;
    for (int i = 0; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == '\\' && i + 1 < source.length()) {
        out.append(c).append(source.charAt(++i));
        continue;
      }
      if (inClass) {
        inClass = c != ']';
        out.append(c);
        continue;
      }
      if (c == '[') {
        inClass = true;
        out.append(c);
        if (i + 1 < source.length() && source.charAt(i + 1) == '^') {
          out.append(source.charAt(++i));
        }
        if (i + 1 < source.length() && source.charAt(i + 1) == ']') {
          out.append("\\]");
          i++;
        }
        continue;
      }
      if (c == '{' && !isCounted(source, i)) {
        out.append("\\{"); // to PCRE it stands for itself then
        continue;
      }
      if (c != '(') {
        out.append(c);
        continue;
      }
      int nameStart = nameStart(source, i);
      if (nameStart > 0) {
        char close = source.charAt(nameStart - 1) == '\'' ? '\'' : '>';
        int end = source.indexOf(close, nameStart);
        if (end > nameStart) {
          if (Character.isDigit(source.charAt(nameStart))) {
            throw new IllegalArgumentException(
                "pcre2_compile() failed: subpattern name must start with a non-digit in \""
                    + source
                    + "\" at \""
                    + source.substring(nameStart)
                    + "\"");
          }
          group++;
          names.add(new Name(source.substring(nameStart, end), group));
          out.append('(');
          i = end;
          continue;
        }
      }
      if (i + 1 >= source.length() || source.charAt(i + 1) != '?') {
        group++;
      }
      out.append(c);
    }
    return out.toString();
  }

  /// True if the brace at `open` says how often something repeats, or belongs to an escape such as
  /// `\\p{L}`.
  private static boolean isCounted(String source, int open) {
    if (open > 1 && source.charAt(open - 2) == '\\' && isLetter(source.charAt(open - 1))) {
      return true;
    }
    int at = open + 1;
    while (at < source.length() && Character.isDigit(source.charAt(at))) {
      at++;
    }
    if (at == open + 1) {
      return false;
    }
    if (at < source.length() && source.charAt(at) == ',') {
      at++;
      while (at < source.length() && Character.isDigit(source.charAt(at))) {
        at++;
      }
    }
    return at < source.length() && source.charAt(at) == '}';
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static int nameStart(String source, int open) {
    if (source.startsWith("(?P<", open)) {
      return open + 4;
    }
    if (source.startsWith("(?'", open)) {
      return open + 3;
    }
    if (source.startsWith("(?<", open)
        && open + 3 < source.length()
        && source.charAt(open + 3) != '='
        && source.charAt(open + 3) != '!') {
      return open + 3;
    }
    return -1;
  }

  /// The text under a match, which counts how often it is looked at.
  private static final class Counted implements CharSequence {
    private final String text;
    private final Regex regex;
    private int steps;

    Counted(String text, Regex regex) {
      this.text = text;
      this.regex = regex;
    }

    @Override
    public char charAt(int index) {
      if (++steps > STEP_LIMIT) {
        throw new TooManySteps(regex.source);
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.substring(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }

  @Override
  public String toString() {
    return source;
  }
}

package dev.turnout.http.ssi;

import dev.turnout.http.Exchange;
import dev.turnout.http.Regex;
import dev.turnout.log.Level;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The expression of `if` and `elif`: `$var`, `$var = text`, `$var != text`, and both with
/// `/regular expression/`.
final class SsiCondition {
  private SsiCondition() {}

  /// Whether it holds; null if it is wrong, which is logged.
  static @Nullable Boolean test(String expression, SsiText texts, SsiPage page, Exchange exchange) {
    int p = 0;
    while (p < expression.length() && isLeft(expression.charAt(p))) {
      p++;
    }
    String left = texts.evaluate(expression.substring(0, p).toLowerCase(Locale.ROOT));
    if (left == null) {
      return null;
    }
    p = skipSpaces(expression, p);
    if (p == expression.length()) {
      return !left.isEmpty();
    }
    boolean negative = expression.startsWith("!=", p);
    if (!negative && expression.charAt(p) != '=') {
      return invalid(expression, exchange);
    }
    p = skipSpaces(expression, negative ? p + 2 : p + 1);
    String rest = expression.substring(p);
    if (rest.length() > 1 && rest.startsWith("/")) {
      if (!rest.endsWith("/")) {
        return invalid(expression, exchange);
      }
      String pattern = texts.evaluate(rest.substring(1, rest.length() - 1));
      Boolean found = pattern == null ? null : matches(pattern, left, page, exchange);
      return found == null ? null : found != negative;
    }
    String right = texts.evaluate(rest.startsWith("\\/") ? rest.substring(1) : rest);
    return right == null ? null : left.equals(right) != negative;
  }

  private static @Nullable Boolean invalid(String expression, Exchange exchange) {
    exchange.log(Level.ERROR, "invalid expression in \"" + expression + "\"");
    return null;
  }

  private static boolean isLeft(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "${}_\"'".indexOf(c) >= 0;
  }

  private static int skipSpaces(String text, int from) {
    int at = from;
    while (at < text.length() && text.charAt(at) == ' ') {
      at++;
    }
    return at;
  }

  private static @Nullable Boolean matches(
      String pattern, String text, SsiPage page, Exchange exchange) {
    try {
      Regex regex = Regex.compile(pattern, false);
      String[] groups = regex.groups(text);
      if (groups == null) {
        return false;
      }
      page.captured(groups);
      for (Regex.Name name : regex.names()) {
        page.set(name.variable(), groups[name.group()]);
      }
      return true;
    } catch (IllegalArgumentException | Regex.TooManySteps e) {
      exchange.log(Level.ERROR, String.valueOf(e.getMessage()));
      return null;
    }
  }
}

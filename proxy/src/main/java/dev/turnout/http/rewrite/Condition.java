package dev.turnout.http.rewrite;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.http.Capture;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Template;
import dev.turnout.http.Variable;
import java.util.ArrayList;
import java.util.List;

/// What stands between the parentheses of an `if`.
sealed interface Condition {
  /// A condition that needs nothing but the exchange.
  sealed interface Immediate extends Condition {
    /// True if it holds.
    boolean holds(Exchange exchange);
  }

  /// `$variable`: neither empty nor `0`.
  record IsSet(Variable variable) implements Immediate {
    @Override
    public boolean holds(Exchange exchange) {
      String value = variable.value(exchange);
      return value != null && !value.isEmpty() && !value.equals("0");
    }
  }

  /// `$variable = text` and `!=`.
  record Equals(Variable variable, Template text, boolean negated) implements Immediate {
    @Override
    public boolean holds(Exchange exchange) {
      return text.evaluate(exchange).equals(valueOf(variable, exchange)) != negated;
    }
  }

  /// `$variable ~ regex`, `~*`, `!~` and `!~*`.
  record Matches(Variable variable, Capture regex, boolean negated) implements Immediate {
    @Override
    public boolean holds(Exchange exchange) {
      return regex.find(valueOf(variable, exchange), exchange) != negated;
    }
  }

  /// `-f name` and its kind: an answer of the file system, which the loop does not wait for.
  record OfFile(Template name, FileTest test, boolean negated) implements Condition {}

  private static String valueOf(Variable variable, Exchange exchange) {
    String value = variable.value(exchange);
    return value == null ? "" : value;
  }

  /// Reads the condition of an `if`.
  static Condition parse(HttpRegistry http, Directive d) {
    List<String> words = words(d);
    String first = words.isEmpty() ? "" : words.getFirst();
    if (first.length() > 1 && first.startsWith("$")) {
      return ofVariable(http, d, words);
    }
    boolean negated = first.startsWith("!");
    String operator = negated ? first.substring(1) : first;
    if (operator.length() == 2 && operator.startsWith("-") && words.size() == 2) {
      FileTest test = FileTest.of(operator.charAt(1));
      if (test != null) {
        return new OfFile(http.template(d, d.argumentCount() - 1, words.get(1)), test, negated);
      }
    }
    throw invalid(d, first);
  }

  private static ConfigException invalid(Directive d, String word) {
    return ConfigException.at(d, "invalid condition \"" + word + "\"");
  }

  /// The words between the parentheses, which may stand alone or on the first and last word.
  private static List<String> words(Directive d) {
    List<String> words = new ArrayList<>(d.arguments());
    if (!words.getFirst().startsWith("(")) {
      throw invalid(d, words.getFirst());
    }
    if (!words.getLast().endsWith(")")) {
      throw invalid(d, words.getLast());
    }
    words.set(0, words.getFirst().substring(1));
    if (words.getFirst().isEmpty()) {
      words.removeFirst();
    }
    if (words.isEmpty()) {
      throw invalid(d, "(");
    }
    String last = words.getLast();
    words.set(words.size() - 1, last.substring(0, last.length() - 1));
    if (last.length() == 1) {
      words.removeLast();
    }
    return words;
  }

  private static Condition ofVariable(HttpRegistry http, Directive d, List<String> words) {
    Variable variable = http.variables().get(words.getFirst().substring(1));
    if (words.size() == 1) {
      return new IsSet(variable);
    }
    if (words.size() != 3) {
      throw invalid(d, words.getFirst());
    }
    int last = d.argumentCount() - 1;
    String value = words.get(2);
    boolean negated = words.get(1).startsWith("!");
    return switch (words.get(1)) {
      case "=", "!=" -> new Equals(variable, http.template(d, last, value), negated);
      case "~", "!~" ->
          new Matches(variable, Capture.compile(http, d, last, value, false), negated);
      case "~*", "!~*" ->
          new Matches(variable, Capture.compile(http, d, last, value, true), negated);
      default -> throw ConfigException.at(d, "unexpected \"" + words.get(1) + "\" in condition");
    };
  }
}

package dev.turnout.http.health;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.http.FieldName;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads one `match` block.
final class MatchReader {
  private static final List<String> TESTS = List.of("status", "header", "body", "require");

  private final HttpRegistry http;
  private final List<Match.HeaderTest> headers = new ArrayList<>();
  private final List<Match.BodyTest> bodies = new ArrayList<>();
  private final List<Variable> required = new ArrayList<>();
  private Match.@Nullable StatusTest status;

  MatchReader(HttpRegistry http) {
    this.http = http;
  }

  Match read(Directive block) {
    for (Directive line : block.children()) {
      if (line.argumentCount() == 0 && TESTS.contains(line.name())) {
        throw ConfigException.at(
            line, "invalid number of arguments in \"" + line.name() + "\" directive");
      }
      switch (line.name()) {
        case "status" -> status(line);
        case "header" -> header(line);
        case "body" -> body(line);
        case "require" -> require(line);
        default ->
            throw ConfigException.at(line, "unknown directive \"" + line.name() + "\"")
                .withHelp("in \"match\" stand: " + String.join(", ", TESTS));
      }
    }
    return new Match(block.argument(0), Optional.ofNullable(status), headers, bodies, required);
  }

  private void status(Directive line) {
    if (status != null) {
      throw ConfigException.directive(line, "is duplicate");
    }
    boolean negated = line.argument(0).equals("!");
    List<Match.Range> ranges = new ArrayList<>();
    for (int i = negated ? 1 : 0; i < line.argumentCount(); i++) {
      ranges.add(range(line, i));
    }
    if (ranges.isEmpty()) {
      throw ConfigException.at(line, "invalid number of arguments in \"status\" directive");
    }
    status = new Match.StatusTest(ranges, negated);
  }

  private static Match.Range range(Directive line, int i) {
    String word = line.argument(i);
    int dash = word.indexOf('-');
    int first = code(line, i, dash < 0 ? word : word.substring(0, dash));
    int last = dash < 0 ? first : code(line, i, word.substring(dash + 1));
    if (last < first) {
      throw invalidStatus(line, i);
    }
    return new Match.Range(first, last);
  }

  private static int code(Directive line, int i, String digits) {
    if (digits.length() != 3 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw invalidStatus(line, i);
    }
    int code = Integer.parseInt(digits);
    if (code < 100) {
      throw invalidStatus(line, i);
    }
    return code;
  }

  private static ConfigException invalidStatus(Directive line, int i) {
    return ConfigException.at(line, i, "invalid status \"" + line.argument(i) + "\"")
        .withHelp("a status is 200, a range 200-399");
  }

  private void header(Directive line) {
    boolean lacks = line.argument(0).equals("!");
    switch (line.argumentCount()) {
      case 1 -> {
        if (lacks) {
          throw ConfigException.at(line, "invalid number of arguments in \"header\" directive");
        }
        headers.add(new Match.HeaderIsThere(FieldName.of(line.argument(0)), false));
      }
      case 2 -> {
        if (!lacks) {
          throw ConfigException.at(line, 0, "invalid parameter \"" + line.argument(0) + "\"");
        }
        headers.add(new Match.HeaderIsThere(FieldName.of(line.argument(1)), true));
      }
      case 3 -> headers.add(comparison(line));
      default ->
          throw ConfigException.at(line, "invalid number of arguments in \"header\" directive");
    }
  }

  private static Match.HeaderTest comparison(Directive line) {
    FieldName name = FieldName.of(line.argument(0));
    String operator = line.argument(1);
    boolean negated = operator.startsWith("!");
    return switch (operator) {
      case "=", "!=" -> new Match.HeaderEquals(name, line.argument(2), negated);
      case "~", "!~" ->
          new Match.HeaderMatches(
              name, HttpRegistry.regex(line, 2, line.argument(2), false), negated);
      default -> throw operator(line, 1);
    };
  }

  private static ConfigException operator(Directive line, int i) {
    return ConfigException.at(line, i, "invalid operator \"" + line.argument(i) + "\"");
  }

  private void body(Directive line) {
    if (line.argumentCount() != 2) {
      throw ConfigException.at(line, "invalid number of arguments in \"body\" directive");
    }
    String operator = line.argument(0);
    if (!operator.equals("~") && !operator.equals("!~")) {
      throw operator(line, 0);
    }
    bodies.add(
        new Match.BodyTest(
            HttpRegistry.regex(line, 1, line.argument(1), false), operator.equals("!~")));
  }

  private void require(Directive line) {
    for (int i = 0; i < line.argumentCount(); i++) {
      String word = line.argument(i);
      if (!word.startsWith("$") || word.length() < 2) {
        throw ConfigException.at(line, i, "invalid variable name \"" + word + "\"");
      }
      required.add(http.variables().get(word.substring(1)));
    }
  }
}

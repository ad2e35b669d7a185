package dev.turnout.http.echo;

import dev.turnout.config.Directive;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Template;
import java.util.ArrayList;
import java.util.List;

/// One directive of the echo family, as it is carried out for a request. Immutable.
///
/// @param kind what is done
/// @param newline false if `-n` was said
/// @param arguments what it is done with
record EchoCommand(Kind kind, boolean newline, List<Template> arguments) {
  /// What is done.
  enum Kind {
    ECHO,
    DUPLICATE,
    FLUSH,
    SLEEP,
    RESET_TIMER,
    READ_REQUEST_BODY,
    REQUEST_BODY,
    LOCATION(true),
    LOCATION_ASYNC(true),
    SUBREQUEST(true),
    SUBREQUEST_ASYNC(true),
    FOREACH_SPLIT,
    END,
    EXEC;

    private final boolean asksItself;

    Kind() {
      this(false);
    }

    Kind(boolean asksItself) {
      this.asksItself = asksItself;
    }

    /// True if it makes a subrequest.
    boolean asksItself() {
      return asksItself;
    }
  }

  EchoCommand {
    arguments = List.copyOf(arguments);
  }

  /// Reads a directive. Constant arguments that begin with a dash are options, up to the first that
  /// is none, or to `--`.
  static EchoCommand read(Kind kind, Directive d, HttpRegistry http) {
    boolean newline = true;
    boolean first = true;
    boolean options = true;
    List<Template> arguments = new ArrayList<>();
    for (int i = 0; i < d.argumentCount(); i++) {
      String text = d.argument(i);
      Template template = http.template(d, i);
      if (options && template.isConstant() && text.length() > 1 && text.startsWith("-")) {
        if (text.startsWith("--")) {
          options = false;
        } else if (first) {
          newline = !text.equals("-n");
          first = false;
        }
        continue;
      }
      options = false;
      arguments.add(template);
    }
    return new EchoCommand(kind, newline, arguments);
  }

  int argumentCount() {
    return arguments.size();
  }

  /// Argument `i` in this exchange.
  String argument(Exchange exchange, int i) {
    return arguments.get(i).evaluate(exchange);
  }

  /// The arguments with spaces between them, and the end of the line.
  String line(Exchange exchange) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < arguments.size(); i++) {
      if (i > 0) {
        out.append(' ');
      }
      out.append(argument(exchange, i));
    }
    if (newline) {
      out.append('\n');
    }
    return out.toString();
  }
}

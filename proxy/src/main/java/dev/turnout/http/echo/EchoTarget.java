package dev.turnout.http.echo;

import dev.turnout.http.Exchange;
import dev.turnout.http.RequestFile;
import dev.turnout.http.UriPath;
import dev.turnout.log.Level;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// What a subrequest of the echo family asks for.
///
/// @param method its method
/// @param path its path
/// @param args its arguments, or null
/// @param body its body, or null for the one of the client's request
/// @param bodyFile the file that holds its body, or null
record EchoTarget(
    String method,
    String path,
    @Nullable String args,
    @Nullable String body,
    @Nullable Path bodyFile) {

  /// What `echo_location` says; null if that is wrong, which is logged.
  static @Nullable EchoTarget location(EchoCommand command, Exchange exchange) {
    String text = command.argument(exchange, 0);
    UriPath target = checked(text, exchange);
    if (target == null) {
      return null;
    }
    String args = command.argumentCount() > 1 ? command.argument(exchange, 1) : target.args();
    return new EchoTarget("GET", target.path(), args, null, null);
  }

  /// What `echo_subrequest` says, with its options `-q`, `-b` and `-f`; null if that is wrong,
  /// which is logged. Names of files begin at `prefix`.
  static @Nullable EchoTarget full(EchoCommand command, Exchange exchange, Path prefix) {
    if (command.argumentCount() < 2) {
      exchange.log(Level.ERROR, "echo_subrequest takes a method and a location");
      return null;
    }
    UriPath target = checked(command.argument(exchange, 1), exchange);
    if (target == null) {
      return null;
    }
    String args = target.args();
    String body = null;
    Path file = null;
    for (int i = 2; i < command.argumentCount(); i += 2) {
      String option = command.argument(exchange, i);
      boolean known = option.equals("-q") || option.equals("-b") || option.equals("-f");
      if (!known || i + 1 == command.argumentCount()) {
        exchange.log(Level.ERROR, "unknown option for echo_subrequest*: " + option);
        return null;
      }
      String value = command.argument(exchange, i + 1);
      switch (option) {
        case "-q" -> args = value;
        case "-b" -> body = value.isEmpty() ? null : value;
        default -> file = value.isEmpty() ? null : prefix.resolve(RequestFile.path(value));
      }
    }
    String method = command.argument(exchange, 0);
    return new EchoTarget(method, target.path(), args, body, body == null ? file : null);
  }

  private static @Nullable UriPath checked(String text, Exchange exchange) {
    UriPath target = UriPath.ofInternal(text);
    if (target == null) {
      exchange.log(Level.ERROR, "unsafe URI \"" + text + "\" was detected");
    }
    return target;
  }
}

package dev.turnout.http.rewrite;

import dev.turnout.http.Capture;
import dev.turnout.http.Exchange;
import dev.turnout.http.Location;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.RequestFile;
import dev.turnout.http.Response;
import dev.turnout.http.Template;
import dev.turnout.http.Verdict;
import dev.turnout.log.Level;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The rewrite directives of one block in the order of the file, those of its `if` blocks included.
/// Immutable; what changes is in the exchange.
final class Script implements PhaseHandler {
  private static final int END = Integer.MAX_VALUE;

  private final Step[] steps;
  private final boolean logs;

  /// @param logs `rewrite_log`
  Script(List<Step> steps, boolean logs) {
    this.steps = steps.toArray(new Step[0]);
    this.logs = logs;
  }

  @Override
  public Verdict handle(Exchange exchange) {
    return run(exchange, 0);
  }

  private Verdict run(Exchange exchange, int from) {
    int at = from;
    while (at < steps.length) {
      switch (steps[at]) {
        case Step.Assign(var variable, Template value) -> {
          variable.set(exchange, value.evaluate(exchange));
          at++;
        }
        case Step.Run(RewriteModule.Action action) -> {
          if (!action.run(exchange)) {
            exchange.finish(500);
            return Verdict.RESPONDED;
          }
          at++;
        }
        case Step.Break _ -> {
          exchange.keepLocation();
          return Verdict.CONTINUE;
        }
        case Step.Return(int status, Template text) -> {
          answer(exchange, status, text);
          return Verdict.RESPONDED;
        }
        case Step.If(Condition condition, int otherwise, Location location) -> {
          switch (condition) {
            case Condition.Immediate now ->
                at = branch(exchange, now.holds(exchange), at, otherwise, location);
            case Condition.OfFile test -> {
              ask(exchange, test, at, otherwise, location);
              return Verdict.SUSPENDED;
            }
          }
        }
        case Step.Rewrite rewrite -> {
          if (!matches(exchange, rewrite.regex())) {
            at++;
          } else if (rewrite.replacement().isRedirect()) {
            redirect(exchange, rewrite);
            return Verdict.RESPONDED;
          } else if (!change(exchange, rewrite)) {
            exchange.finish(500);
            return Verdict.RESPONDED;
          } else {
            at = rewrite.ends() ? END : at + 1;
          }
        }
      }
    }
    return Verdict.CONTINUE;
  }

  private static int branch(
      Exchange exchange, boolean holds, int at, int otherwise, @Nullable Location location) {
    if (!holds) {
      return otherwise;
    }
    if (location != null) {
      exchange.location(location);
    }
    return at + 1;
  }

  private void ask(
      Exchange exchange,
      Condition.OfFile condition,
      int at,
      int otherwise,
      @Nullable Location location) {
    String name = condition.name().evaluate(exchange);
    exchange.offLoop(
        () -> condition.test().passes(name),
        (passes, failure) -> {
          if (failure != null) {
            exchange.log(Level.CRIT, "stat() \"" + name + "\" failed (" + reason(failure) + ")");
          }
          boolean holds = Boolean.TRUE.equals(passes) != condition.negated();
          int next = branch(exchange, holds, at, otherwise, location);
          if (run(exchange, next) == Verdict.CONTINUE) {
            exchange.resume();
          }
        },
        _ -> {});
  }

  private static String reason(IOException failure) {
    return dev.turnout.log.Errno.describe(failure);
  }

  private boolean matches(Exchange exchange, Capture regex) {
    String path = exchange.path();
    boolean matches = regex.find(path, exchange);
    if (logs) {
      String verb = matches ? "\" matches \"" : "\" does not match \"";
      exchange.log(Level.NOTICE, "\"" + regex.regex().source() + verb + path + "\"");
    }
    return matches;
  }

  private void redirect(Exchange exchange, Step.Rewrite rewrite) {
    String location = rewrite.replacement().location(exchange);
    if (logs) {
      exchange.log(Level.NOTICE, "rewritten redirect: \"" + location + "\"");
    }
    exchange.response().location(location);
    exchange.finish(rewrite.status());
  }

  /// False if nothing is left of the path.
  private boolean change(Exchange exchange, Step.Rewrite rewrite) {
    Replacement.Target target = rewrite.replacement().target(exchange);
    if (logs) {
      String args = target.args() == null ? "" : target.args();
      exchange.log(
          Level.NOTICE, "rewritten data: \"" + target.path() + "\", args: \"" + args + "\"");
    }
    if (target.path().isEmpty()) {
      exchange.log(Level.ERROR, "the rewritten URI has a zero length");
      return false;
    }
    exchange.rewritePath(target.path());
    if (rewrite.stays()) {
      exchange.keepLocation();
    }
    exchange.args(target.args());
    return true;
  }

  private static void answer(Exchange exchange, int status, @Nullable Template text) {
    if (text == null) {
      exchange.finish(status);
      return;
    }
    boolean standsIn = exchange.errorStatus() != 0; // its status is the error's, with a body
    Response response = exchange.response();
    if (!standsIn || response.status() <= 0) {
      response.status(status); // which the text may speak of
    }
    String value = text.evaluate(exchange);
    switch (standsIn && (status == 204 || status == 304) ? 200 : status) {
      case 301, 302, 303, 307, 308 -> {
        response.location(value);
        exchange.finish(status);
      }
      case 204, 304 -> {
        exchange.body().discard();
        response.status(status);
        response.contentLength(Response.UNKNOWN_LENGTH);
        exchange.sendHead(true);
        exchange.downstream().flush();
      }
      default ->
          exchange.respond(
              status, RequestFile.mediaType(exchange), value.getBytes(StandardCharsets.ISO_8859_1));
    }
  }
}

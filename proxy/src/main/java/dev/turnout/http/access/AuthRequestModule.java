package dev.turnout.http.access;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.FilePart;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseHeaders;
import dev.turnout.http.Subrequest;
import dev.turnout.http.Template;
import dev.turnout.http.Variables;
import dev.turnout.http.Verdict;
import dev.turnout.log.Level;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `auth_request`: a subrequest decides whether a client may pass. 2xx lets it pass, 401 and 403
/// are passed on, anything else is an error.
public final class AuthRequestModule implements HttpModule {
  private static final Setting<String> PATH = Setting.of("auth_request", "");
  private static final Setting<List<Assignment>> ASSIGNMENTS = Setting.listOf("auth_request_set");

  private final SatisfyModule satisfy;

  /// One `auth_request_set`.
  private record Assignment(Variables.Setter variable, Template value) {}

  /// @param satisfy what decides how this goes together with other rules
  public AuthRequestModule(SatisfyModule satisfy) {
    this.satisfy = satisfy;
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("auth_request")
        .in(HTTP, SERVER, LOCATION)
        .read((d, scope) -> scope.set(PATH, d.argument(0).equals("off") ? "" : d.argument(0)))
        .syntax("uri | off")
        .defaultText("off")
        .summary(
            "Asks a subrequest whether a client may pass: 2xx lets it pass, 401 and 403 are passed"
                + " on, any other answer is an error.")
        .differs("No body is announced to an upstream that is asked, since none is sent.");
    http.directive("auth_request_set")
        .in(HTTP, SERVER, LOCATION)
        .arguments(2)
        .repeatable()
        .read((d, scope) -> scope.append(ASSIGNMENTS, assignment(http, d)))
        .syntax("$variable value")
        .summary(
            "Sets a variable once the subrequest is over; the value is that of its variables.");
    http.phase(Phase.ACCESS, this::handler);
  }

  private static Assignment assignment(HttpRegistry http, Directive d) {
    String name = d.argument(0);
    if (!name.startsWith("$") || name.length() < 2) {
      throw ConfigException.at(d, 0, "invalid variable name \"" + name + "\"");
    }
    try {
      return new Assignment(http.variables().assign(name.substring(1)), http.template(d, 1));
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, 0, String.valueOf(e.getMessage()));
    }
  }

  private @Nullable PhaseHandler handler(Scope scope) {
    String path = scope.get(PATH);
    return path.isEmpty() ? null : new Check(path, scope.get(ASSIGNMENTS), satisfy.rules(scope));
  }

  /// Asks in one location.
  private record Check(String path, List<Assignment> assignments, SatisfyModule.Rules rules)
      implements PhaseHandler {
    @Override
    public Verdict handle(Exchange exchange) {
      if (rules.areSatisfied(exchange)) {
        return Verdict.CONTINUE;
      }
      if (!exchange.subrequest(path, null).headOnly().start(new Answer(this, exchange))) {
        exchange.finish(500);
        return Verdict.RESPONDED;
      }
      return Verdict.SUSPENDED;
    }

    private Verdict decide(Exchange exchange, Exchange asked) {
      for (Assignment each : assignments) {
        each.variable().set(exchange, each.value().evaluate(asked));
      }
      int status = asked.response().status();
      if (status == 403) {
        return rules.refused(exchange, 403);
      }
      if (status == 401) {
        challenge(exchange.response().headers(), asked.response());
        return rules.refused(exchange, 401);
      }
      if (status >= 200 && status < 300) {
        return rules.passed(exchange);
      }
      exchange.log(Level.ERROR, "auth request unexpected status: " + status);
      exchange.finish(500);
      return Verdict.RESPONDED;
    }

    /// Passes on what asks for a password.
    private static void challenge(ResponseHeaders to, Response from) {
      for (String value : from.headers().all(AuthBasicModule.CHALLENGE)) {
        to.add(AuthBasicModule.CHALLENGE, value);
      }
      Fields fields = from.passed();
      if (fields != null) {
        int known = FieldName.WWW_AUTHENTICATE;
        for (int i = fields.find(known); i >= 0; i = fields.findAfter(i, known)) {
          to.add(AuthBasicModule.CHALLENGE, fields.value(i));
        }
      }
    }
  }

  /// Waits for the answer to one question.
  private record Answer(Check check, Exchange exchange) implements Subrequest.Receiver {
    @Override
    public void data(Exchange subrequest, ByteBuf part) {
      part.release();
    }

    @Override
    public void file(Exchange subrequest, FilePart part) {
      part.close();
    }

    @Override
    public void ended(Exchange subrequest, boolean whole) {
      if (check.decide(exchange, subrequest) == Verdict.CONTINUE) {
        exchange.resume();
      }
    }
  }
}

package dev.turnout.admin.control;

import dev.turnout.admin.gate.Ask;
import dev.turnout.admin.gate.BoundedBody;
import dev.turnout.admin.gate.Decision;
import dev.turnout.admin.gate.Gate;
import dev.turnout.admin.gate.Hygiene;
import dev.turnout.admin.gate.Permit;
import dev.turnout.control.ControlPlane;
import dev.turnout.http.ContentHandler;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.Variable;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Answers the requests of a location with the API: finds the route and reads the body on the
/// exchange's loop, and has the answer made on a virtual thread.
final class ControlHandler implements ContentHandler {
  private static final FieldName IDEMPOTENCY_KEY = FieldName.of("idempotency-key");
  private static final FieldName LAST_EVENT_ID = FieldName.of("last-event-id");

  /// A list of some thousand servers.
  private static final int MOST_BODY = 1 << 20;

  private final ControlApi api;
  private final ControlPlane control;
  private final String base;
  private final boolean writable;
  private final @Nullable Gate gate;
  private final Variable remoteUser;

  /// @param base the path of the location, without a slash at its end
  /// @param gate who may change what; null: nobody may change anything
  /// @param remoteUser tells who has authenticated
  ControlHandler(
      ControlApi api, ControlPlane control, String base, @Nullable Gate gate, Variable remoteUser) {
    this.api = api;
    this.control = control;
    this.base = base;
    this.writable = gate != null;
    this.gate = gate;
    this.remoteUser = remoteUser;
  }

  @Override
  public void handle(Exchange exchange) {
    List<String> path = path(exchange);
    try {
      handle(exchange, path);
    } catch (Problem problem) {
      Answer answer = problem.answer();
      if (problem.status() == 405) {
        List<String> allowed =
            api.methods(path).stream()
                .filter(method -> writable || method.equals("GET"))
                .flatMap(method ->
                    method.equals("GET")
                        ? List.of("GET", "HEAD").stream()
                        : List.of(method).stream())
                .toList();
        answer = answer.with("Allow", String.join(", ", allowed));
      }
      send(exchange, answer);
    }
  }

  private List<String> path(Exchange exchange) {
    String path = exchange.path();
    String rest = path.startsWith(base) ? path.substring(base.length()) : path;
    rest = rest.startsWith("/") ? rest.substring(1) : rest;
    return rest.isEmpty() ? List.of() : List.of(rest.split("/", -1));
  }

  private static Permit letIn(Exchange exchange, Gate gate, String method) {
    boolean safe =
        switch (method) {
          case "GET", "OPTIONS" -> true; // the latter is no method of anything here
          default -> false;
        };
    return switch (gate.check(exchange, safe ? Ask.read() : Ask.attempt())) {
      case Decision.Granted(Permit granted) -> granted;
      case Decision.Refused(int status, String text) ->
          throw Problem.of(status, code(status), text);
    };
  }

  /// The word for why the gate let nobody through.
  private static String code(int status) {
    return switch (status) {
      case 401 -> "unknown_client";
      case 411 -> "no_length";
      case 429 -> "too_many_failures";
      case 403 -> "forbidden";
      default -> "invalid_request";
    };
  }

  private void handle(Exchange exchange, List<String> path) {
    if (Hygiene.isOfAnotherSite(exchange.request())) {
      throw Problem.of(403, "cross_site", "a page of another site asks")
          .hint("this API is for programs and for pages of its own site");
    }
    String method = exchange.isHead() ? "GET" : exchange.method();
    Permit permit = gate == null ? null : letIn(exchange, gate, method);
    ControlApi.Found found = api.find(method, path, writable);
    Route route = found.route();
    Map<String, String> query = Call.query(exchange.args(), route.query());
    Fields fields = exchange.request().fields();
    if (route.isEvents() && !query.containsKey("wait")) {
      stream(exchange, query);
      return;
    }
    String user = remoteUser.value(exchange);
    Call call =
        new Call(
            method,
            exchange.path(),
            base,
            found.parameters(),
            query,
            fields.first(FieldName.IF_MATCH),
            value(fields, IDEMPOTENCY_KEY),
            user == null || user.isEmpty()
                ? exchange.clientAddress()
                : user + "@" + exchange.clientAddress(),
            permit,
            "");
    if (!exchange.body().isPresent()) {
      answer(exchange, route, call);
      return;
    }
    if (!route.body()) {
      throw Problem.of(400, "unexpected_body", "this request has no body");
    }
    String type = fields.first(FieldName.CONTENT_TYPE);
    if (!Hygiene.isJson(type)) {
      throw Problem.of(
              415, "not_json", "the body is " + (type == null ? "of no type" : "of type " + type))
          .at("header:Content-Type")
          .hint("application/json");
    }
    BoundedBody.read(
        exchange,
        MOST_BODY,
        body -> answer(exchange, route, call.withBody(body)),
        refused -> send(exchange, problem(refused).answer()));
  }

  private static Problem problem(Decision.Refused refused) {
    return refused.status() == 413
        ? Problem.of(413, "body_too_large", refused.text()).hint("several smaller changes")
        : Problem.of(refused.status(), "unread_body", refused.text());
  }

  private static @Nullable String value(Fields fields, FieldName name) {
    int at = fields.find(name);
    return at < 0 ? null : fields.value(at);
  }

  private static void answer(Exchange exchange, Route route, Call call) {
    exchange.<Answer>offLoop(
        () -> {
          try {
            return route.handler().answer(call);
          } catch (Problem problem) {
            return problem.answer();
          }
        },
        (answer, bug) -> {
          if (answer == null) {
            exchange
                .engine()
                .failed(exchange, new IllegalStateException("control API failed", bug));
          } else {
            send(exchange, answer);
          }
        },
        _ -> {
          // the client did not wait; a change stands
        });
  }

  private static void send(Exchange exchange, Answer answer) {
    var headers = exchange.response().headers();
    headers.add("Cache-Control", "no-store");
    answer.fields().forEach(field -> headers.add(field.name(), field.value()));
    exchange.respond(answer.status(), answer.contentType(), answer.body());
  }

  private void stream(Exchange exchange, Map<String, String> query) {
    String last = value(exchange.request().fields(), LAST_EVENT_ID);
    EventCursor cursor =
        last != null && !last.isEmpty()
            ? EventCursor.of(control.events(), last, "header:Last-Event-ID")
            : EventCursor.of(control.events(), query.get("since"), "query:since");
    exchange.response().headers().add("Cache-Control", "no-store");
    exchange.response().headers().add("X-Accel-Buffering", "no"); // for a proxy in front of us
    exchange.response().status(200);
    exchange.response().contentType("text/event-stream");
    exchange.body().discard();
    if (exchange.isHead()) {
      exchange.sendHead(true);
      exchange.downstream().flush();
      return;
    }
    exchange.sendHead(false);
    new EventStream(exchange, control, cursor).start();
  }
}

package dev.turnout.admin;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.admin.gate.Ask;
import dev.turnout.admin.gate.BoundedBody;
import dev.turnout.admin.gate.Decision;
import dev.turnout.admin.gate.Dialect;
import dev.turnout.admin.gate.Gate;
import dev.turnout.admin.gate.GateModule;
import dev.turnout.admin.gate.Permit;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.Sharing;
import dev.turnout.control.TargetPolicy;
import dev.turnout.control.TargetRule;
import dev.turnout.control.TargetVerdict;
import dev.turnout.http.Exchange;
import dev.turnout.http.HostName;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.UriEscape;
import dev.turnout.http.rewrite.KeyvalModule;
import dev.turnout.log.Level;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// `upstream_switch`: the interface that switches a host to another upstream, one GET or POST,
/// answered when the change is on disk and every event loop serves it.
///
/// Without an access rule of its own, the location is for this machine only.
public final class SwitchModule implements HttpModule {
  private static final Setting<List<TargetRule>> ALLOWED = Setting.listOf("upstream_switch_allow");

  private final KeyvalModule keyvals;
  private final ChangeWriter writer;
  private final GateModule gates;
  private @Nullable HttpRegistry http;

  /// @param keyvals where the configuration's zones are found
  /// @param writer the single writer of changes
  /// @param gates who may switch
  public SwitchModule(KeyvalModule keyvals, ChangeWriter writer, GateModule gates) {
    this.gates = gates;
    this.keyvals = keyvals;
    this.writer = writer;
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.directive("upstream_switch")
        .in(LOCATION)
        .read(this::read)
        .syntax("zone=name")
        .summary(
            "Answers `?ups=NAME[&host=HOST]` by pointing the host (its own by default) at another"
                + " upstream in the zone. Answered with host, from, to and revision once the change"
                + " is on disk and every event loop serves it. Without access rules or"
                + " authentication the location is for this machine only; the request must come"
                + " under a name of the server or its address, and from no other site.");
    http.directive("upstream_switch_allow")
        .in(HTTP, SERVER, LOCATION)
        .atLeast(1)
        .repeatable()
        .read(SwitchModule::allow)
        .syntax("CIDR[:ports] ...")
        .summary("Which literal addresses a host may be switched to; none without it.");
  }

  private static void allow(Directive d, Scope scope) {
    for (int i = 0; i < d.argumentCount(); i++) {
      try {
        scope.append(ALLOWED, TargetRule.parse(d.argument(i)));
      } catch (IllegalArgumentException e) {
        throw ConfigException.at(d, i, String.valueOf(e.getMessage()));
      }
    }
  }

  private void read(Directive d, Scope scope) {
    String word = d.argument(0);
    if (!word.startsWith("zone=") || word.length() == 5) {
      throw ConfigException.at(d, 0, "invalid parameter \"" + word + "\"")
          .withHelp("written upstream_switch zone=name");
    }
    String zone = word.substring(5);
    KeyvalModule.Declared table = keyvals.find(zone);
    gates.protect(d, scope);
    scope.set(
        HttpRegistry.CONTENT,
        location -> {
          List<TargetRule> rules = location.get(ALLOWED);
          gates.holdsTargets(zone, rules);
          Gate gate = gates.gate(location, Dialect.of("switch").changingByGet());
          return exchange -> handle(exchange, gate, table, zone, rules);
        });
  }

  private void handle(
      Exchange exchange,
      Gate gate,
      KeyvalModule.Declared table,
      String zone,
      List<TargetRule> rules) {
    String method = exchange.method();
    if (!method.equals("GET") && !method.equals("POST")) {
      exchange.finish(405);
      return;
    }
    // a POST is a change whatever is in it, and its body is not read before it may be one
    Ask ask = method.equals("POST") || asksForChange(exchange) ? Ask.attempt() : Ask.read();
    switch (gate.check(exchange, ask)) {
      case Decision.Refused refused -> refused.answer(exchange);
      case Decision.Granted(Permit permit) -> {
        if (method.equals("POST") && exchange.body().isPresent()) {
          BoundedBody.read(
              exchange,
              BoundedBody.USUAL,
              form -> answer(exchange, permit, table, zone, rules, form),
              refused -> refused.answer(exchange));
        } else {
          answer(exchange, permit, table, zone, rules, null);
        }
      }
    }
  }

  private static boolean asksForChange(Exchange exchange) {
    Arguments arguments = new Arguments();
    arguments.read(exchange.args());
    return arguments.ups != null;
  }

  private void answer(
      Exchange exchange,
      Permit permit,
      KeyvalModule.Declared table,
      String zone,
      List<TargetRule> rules,
      @Nullable String form) {
    Arguments arguments = new Arguments();
    arguments.read(exchange.args());
    arguments.read(form);
    if (arguments.malformed != null) {
      say(exchange, 400, arguments.malformed);
      return;
    }
    String target = arguments.ups;
    if (target == null) {
      say(exchange, 200, "usage: /upstream_switch?ups=x.x.x.x");
      return;
    }
    String host = host(exchange, arguments.host);
    if (host == null) {
      say(exchange, 400, "the host to switch is not a valid host name");
      return;
    }
    String value;
    Ask ask;
    switch (policy(exchange, rules).judge(target)) {
      case TargetVerdict.Named(String name) -> {
        value = name;
        ask = Ask.switchHost(host, name);
      }
      case TargetVerdict.Literal(InetSocketAddress _) -> {
        value = target;
        ask = Ask.literal(host, target);
      }
      case TargetVerdict.Unknown(String name, List<String> near) -> {
        String help = near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
        say(exchange, 404, "unknown upstream \"" + name + "\"" + help);
        return;
      }
      case TargetVerdict.Forbidden(String reason) -> {
        say(exchange, 403, reason);
        return;
      }
      case TargetVerdict.Malformed(String reason) -> {
        say(exchange, 400, reason);
        return;
      }
    }
    Decision.Refused refused = permit.may(ask);
    if (refused != null) {
      refused.answer(exchange);
      return;
    }
    switchTo(exchange, permit, table, zone, host, value);
  }

  private void switchTo(
      Exchange exchange,
      Permit permit,
      KeyvalModule.Declared table,
      String zone,
      String host,
      String value) {
    KeyvalModule.Use use = keyvals.use(zone);
    String standard = use == null || use.otherwise() == null ? "" : use.otherwise();
    ChangeRequest request =
        ChangeRequest.of(permit.origin(""), table.zone(), new KeyvalChange.Put(host, value));
    Submission.submit(
        writer,
        exchange,
        request,
        result -> tell(exchange, result, host, standard, value, kept(result)));
  }

  /// What to add if a change waits for the store that nodes share.
  private String kept(ChangeResult result) {
    Sharing sharing = writer.sharing();
    return sharing != null
            && result instanceof ChangeResult.Applied applied
            && sharing.isKept(applied.revision())
        ? " kept=1"
        : "";
  }

  private static void tell(
      Exchange exchange,
      ChangeResult result,
      String host,
      String standard,
      String value,
      String kept) {
    switch (result) {
      case ChangeResult.Applied applied -> {
        String from = applied.previous().getOrDefault(host, standard);
        exchange.log(
            Level.NOTICE,
            host
                + " switch upstream from "
                + from
                + " to "
                + value
                + ", revision "
                + applied.revision());
        say(
            exchange,
            200,
            "host="
                + host
                + " from="
                + from
                + " to="
                + value
                + " revision="
                + applied.revision()
                + kept);
      }
      case ChangeResult.ZoneFull full ->
          say(
              exchange,
              507,
              "the zone is full: "
                  + full.needed()
                  + " bytes needed, its size is "
                  + full.capacity()
                  + "; nothing was changed");
      case ChangeResult.ForbiddenTarget(String message) -> say(exchange, 403, message);
      case ChangeResult.Refused refused -> say(exchange, 409, refused.message());
      case ChangeResult.StoreFailed failed -> {
        exchange.log(Level.ERROR, "switch of " + host + " was not stored: " + failed.message());
        say(exchange, failed.status(), "not stored, nothing was changed: " + failed.message());
      }
      case ChangeResult.Unavailable unavailable -> say(exchange, 503, unavailable.message());
    }
  }

  private HttpRegistry registry() {
    HttpRegistry registry = http;
    if (registry == null) {
      throw new IllegalStateException("the switch is not registered");
    }
    return registry;
  }

  private TargetPolicy policy(Exchange exchange, List<TargetRule> rules) {
    List<InetSocketAddress> own = new ArrayList<>();
    exchange
        .generation()
        .listens()
        .keySet()
        .forEach(address -> {
          if (address instanceof InetSocketAddress inet) {
            own.add(inet);
          }
        });
    return new TargetPolicy(registry().environment().upstreams().displayNames(), rules, own);
  }

  /// The key: the host that was asked for, or the request's own, in canonical form.
  private static @Nullable String host(Exchange exchange, @Nullable String asked) {
    if (asked == null) {
      return exchange.request().host();
    }
    byte[] bytes = asked.getBytes(StandardCharsets.ISO_8859_1);
    long parsed = HostName.parse(bytes, 0, bytes.length);
    if (parsed == HostName.INVALID) {
      return null;
    }
    return asked.substring(0, HostName.hostLength(parsed)).toLowerCase(Locale.ROOT);
  }

  private static void say(Exchange exchange, int status, String line) {
    exchange.respond(status, "text/plain", (line + "\n").getBytes(StandardCharsets.ISO_8859_1));
  }

  /// `ups` and `host` of a query or a form.
  private static final class Arguments {
    private @Nullable String ups;
    private @Nullable String host;
    private @Nullable String malformed;

    void read(@Nullable String query) {
      if (query == null || query.isEmpty()) {
        return;
      }
      for (String part : query.split("&", -1)) {
        int equals = part.indexOf('=');
        String name = equals < 0 ? part : part.substring(0, equals);
        String value =
            equals < 0 ? "" : UriEscape.unescape(part.substring(equals + 1).replace('+', ' '));
        switch (name) {
          case "ups" -> {
            if (ups != null) {
              malformed = "\"ups\" is given twice";
            }
            ups = value;
          }
          case "host" -> {
            if (host != null) {
              malformed = "\"host\" is given twice";
            }
            host = value;
          }
          default -> {
            // other arguments are not ours
          }
        }
      }
    }
  }
}

package dev.turnout.http.health;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.CoreModule;
import dev.turnout.http.Generation;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.HttpRegistry.Place;
import dev.turnout.http.proxy.ProbeTarget;
import dev.turnout.http.proxy.UpstreamModule;
import dev.turnout.upstream.HealthOptions;
import dev.turnout.upstream.ProbeRules;
import dev.turnout.upstream.Upstream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/// `health_check` and `match`, Turnout's `panic_threshold` and `max_ejected`, and Tengine's
/// `check`.
public final class HealthModule implements HttpModule {
  private static final Setting<Integer> PANIC = Setting.local("panic_threshold", 0);
  private static final Setting<Integer> EJECTED = Setting.local("max_ejected", 100);

  private final CoreModule core;
  private final Map<String, Match> matches = new HashMap<>();
  private final List<Draft> drafts = new ArrayList<>();

  /// A `health_check` as it was read.
  private record Draft(Directive directive, Scope location, Parameters said) {}

  public HealthModule(CoreModule core) {
    this.core = core;
  }

  @Override
  public void register(HttpRegistry http) {
    HealthPlan plan = new HealthPlan(http, core);
    http.directive("health_check")
        .in(LOCATION)
        .atLeast(0)
        .repeatable()
        .read((d, scope) -> drafts.add(new Draft(d, scope, Parameters.of(d))))
        .syntax(
            "[interval=time] [jitter=time] [fails=number] [passes=number] [uri=uri]"
                + " [mandatory [persistent]] [match=name] [port=number] [keepalive_time=time]"
                + " [type=grpc [grpc_service=name] [grpc_status=code]]")
        .summary(
            "Asks every server of the location's upstream from time to time how it is, with the"
                + " location's proxy settings; one that fails takes no requests until it passes.")
        .differs(
            "Without `mandatory` the health of a server survives reloads; it always survives changes"
                + " of the list. `type=grpc` opens a connection for each probe, without TLS.");
    http.directive("match")
        .in(HTTP)
        .arguments(1)
        .repeatable()
        .freeBlock((d, _) -> match(http, d))
        .syntax("name")
        .summary(
            "Tests for the answers to a health check: `status`, `header`, `body` and `require`. All"
                + " must hold.");
    http.directive("panic_threshold")
        .in(UPSTREAM)
        .read((d, scope) -> share(d, scope, PANIC))
        .syntax("percentage")
        .defaultText("0%")
        .summary(
            "Turnout's own: while a smaller share of the group's servers is usable, primaries and"
                + " backups each, their health is ignored, so that the last ones are not"
                + " overwhelmed. A server whose mandatory check has not passed yet stays out.");
    http.directive("max_ejected")
        .in(UPSTREAM)
        .read((d, scope) -> share(d, scope, EJECTED))
        .syntax("percentage")
        .defaultText("100%")
        .summary(
            "Turnout's own: the largest share of the group's servers that failed requests"
                + " (`max_fails`) take out at once; one may always be out.");
    new CheckModule(http).register();
    http.afterBuild(
        generation -> drafts.forEach(draft -> plan.add(check(http, plan, generation, draft))));
    http.pending(plan);
  }

  static ConfigException invalid(Directive d, int i) {
    return ConfigException.at(d, i, "invalid parameter \"" + d.argument(i) + "\"");
  }

  /// The directives that may stand in an `upstream` that is made at run time.
  public static final Set<String> OF_UPSTREAMS =
      Set.of(
          "panic_threshold",
          "max_ejected",
          "check",
          "check_http_send",
          "check_http_expect_alive",
          "check_keepalive_requests");

  /// What the content of an `upstream` block says of health.
  public static HealthOptions options(Scope upstream) {
    return new HealthOptions(
        upstream.get(PANIC), upstream.get(EJECTED), CheckModule.spec(upstream));
  }

  private static void share(Directive d, Scope scope, Setting<Integer> setting) {
    String text = d.argument(0);
    OptionalLong percent =
        text.endsWith("%")
            ? Units.number(text.substring(0, text.length() - 1))
            : OptionalLong.empty();
    if (percent.isEmpty() || percent.getAsLong() > 100) {
      throw ConfigException.at(d, 0, "invalid value \"" + text + "\"")
          .withHelp("a share is 0% to 100%");
    }
    scope.set(setting, (int) percent.getAsLong());
  }

  private void match(HttpRegistry http, Directive d) {
    Match match = new MatchReader(http).read(d);
    if (matches.put(match.name(), match) != null) {
      throw ConfigException.at(d, 0, "duplicate match \"" + match.name() + "\"");
    }
  }

  private HttpCheck check(HttpRegistry http, HealthPlan plan, Generation generation, Draft draft) {
    Directive d = draft.directive();
    Parameters said = draft.said();
    Place place = http.place(draft.location());
    ProbeTarget target = ProbeTarget.of(place.location());
    if (target == null) {
      throw ConfigException.at(
          d,
          ProbeTarget.hasProxyPass(place.location())
              ? "\"health_check\" cannot be used with \"proxy_pass\" directive with variables"
              : "\"health_check\" must be in a location with \"proxy_pass\"");
    }
    Upstream upstream = target.upstream();
    if (!hasZone(draft.location(), upstream)) {
      throw ConfigException.at(
              d,
              "\"health_check\" requires a shared memory zone in upstream \""
                  + upstream.name()
                  + "\"")
          .withHelp("add \"zone " + upstream.name() + " 64k;\" to the upstream");
    }
    String key =
        String.join(
            " ",
            place.server().name(),
            place.location().name(),
            said.uri,
            "match=" + said.match,
            "port=" + said.port + (said.grpc ? " " + said.call : ""));
    return new HttpCheck(
        target,
        new ProbeRules(plan.key(key), said.fails, said.passes, 1, said.mandatory, said.persistent),
        said.interval,
        said.jitter,
        said.uri,
        match(d, said),
        said.grpc ? said.call : null,
        said.port,
        said.keepalive,
        generation,
        place,
        () -> http.environment().workers().all().getFirst());
  }

  private Match match(Directive d, Parameters said) {
    if (said.match.isEmpty()) {
      return Match.STANDARD;
    }
    Match match = matches.get(said.match);
    if (match == null) {
      throw ConfigException.at(d, said.matchAt, "match \"" + said.match + "\" not found")
          .suggesting(said.match, matches.keySet());
    }
    return match;
  }

  private static boolean hasZone(Scope location, Upstream upstream) {
    Scope block = location.enclosing(Context.HTTP);
    if (block == null) {
      return false;
    }
    for (Scope scope : block.children(Context.UPSTREAM)) {
      Directive opener = scope.directive();
      if (opener != null && opener.argument(0).equalsIgnoreCase(upstream.name())) {
        return UpstreamModule.hasZone(scope);
      }
    }
    return false;
  }

  /// The parameters of one `health_check`, as they are read.
  private static final class Parameters {
    private long interval = 5000;
    private long jitter;
    private int fails = 1;
    private int passes = 1;
    private String uri = "/";
    private int uriAt = -1;
    private boolean mandatory;
    private boolean persistent;
    private String match = "";
    private int matchAt;
    private int port;
    private long keepalive;
    private boolean grpc;
    private GrpcCall call = new GrpcCall("", 0);

    static Parameters of(Directive d) {
      Parameters said = new Parameters();
      for (int i = 0; i < d.argumentCount(); i++) {
        said.read(d, i);
      }
      if (said.grpc && (said.uriAt >= 0 || !said.match.isEmpty())) {
        throw ConfigException.at(d, "\"type=grpc\" is not compatible with \"uri\" and \"match\"");
      }
      if (said.grpc && said.keepalive > 0) {
        throw ConfigException.at(d, "\"keepalive_time\" is not supported with \"type=grpc\"");
      }
      return said;
    }

    private void read(Directive d, int i) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String value = word.substring(equals + 1);
      switch (equals < 0 ? word : word.substring(0, equals + 1)) {
        case "interval=" -> interval = millis(d, i, value, 1);
        case "jitter=" -> jitter = millis(d, i, value, 0);
        case "fails=" -> fails = number(d, i, value, Integer.MAX_VALUE);
        case "passes=" -> passes = number(d, i, value, Integer.MAX_VALUE);
        case "uri=" -> {
          uri = uri(d, i, value);
          uriAt = i;
        }
        case "mandatory" -> mandatory = true;
        case "persistent" -> {
          if (!mandatory) {
            throw ConfigException.at(d, i, "\"persistent\" requires \"mandatory\" before it");
          }
          persistent = true;
        }
        case "match=" -> {
          if (value.isEmpty()) {
            throw invalid(d, i);
          }
          match = value;
          matchAt = i;
        }
        case "port=" -> port = number(d, i, value, 65_535);
        case "keepalive_time=" -> keepalive = millis(d, i, value, 0);
        case "type=" -> {
          if (!value.equals("grpc")) {
            throw invalid(d, i);
          }
          grpc = true;
        }
        case "grpc_service=" -> {
          afterType(d, i);
          call = new GrpcCall(value, call.status());
        }
        case "grpc_status=" -> {
          afterType(d, i);
          call =
              new GrpcCall(call.service(), number(d, i, value, 16)); // CANCELLED to UNAUTHENTICATED
        }
        default -> throw invalid(d, i);
      }
    }

    private void afterType(Directive d, int i) {
      if (!grpc) {
        throw ConfigException.at(
            d, i, "\"" + d.argument(i) + "\" requires \"type=grpc\" before it");
      }
    }

    private static String uri(Directive d, int i, String value) {
      boolean fits = value.chars().allMatch(c -> c > ' ' && c != 0x7f);
      if (!value.startsWith("/") || !fits) {
        throw invalid(d, i);
      }
      return value;
    }

    private static long millis(Directive d, int i, String value, long least) {
      OptionalLong millis = Units.milliseconds(value);
      if (millis.isEmpty() || millis.getAsLong() < least) {
        throw invalid(d, i);
      }
      return millis.getAsLong();
    }

    private static int number(Directive d, int i, String value, int most) {
      OptionalLong number = Units.number(value);
      if (number.isEmpty() || number.getAsLong() == 0 || number.getAsLong() > most) {
        throw invalid(d, i);
      }
      return (int) number.getAsLong();
    }
  }
}

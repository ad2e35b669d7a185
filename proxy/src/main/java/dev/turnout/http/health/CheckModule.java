package dev.turnout.http.health;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;
import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.HttpRegistry;
import dev.turnout.upstream.CheckSpec;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Tengine's `check` and its kind, which stand in `upstream`, and `check_status`.
final class CheckModule {
  private static final Setting<@Nullable Parameters> CHECK = Setting.local("check", null);
  private static final Setting<String> SEND = Setting.local("check_http_send", "");
  private static final Setting<Set<Integer>> ALIVE =
      Setting.local("check_http_expect_alive", CheckSpec.STANDARD_ALIVE);
  private static final Setting<Integer> REQUESTS = Setting.local("check_keepalive_requests", 1);

  private final HttpRegistry http;

  CheckModule(HttpRegistry http) {
    this.http = http;
  }

  void register() {
    http.directive("check")
        .in(UPSTREAM)
        .atLeast(1)
        .read(CheckModule::check)
        .syntax(
            "interval=milliseconds [fall=count] [rise=count] [timeout=milliseconds]"
                + " [default_down=true|false] [type=tcp|http] [port=port]")
        .defaultText("interval=30000 fall=5 rise=2 timeout=1000 default_down=true type=tcp")
        .summary("Tengine's active check of the group's servers; `check_status` shows its results.")
        .differs(
            "The types `ssl_hello`, `mysql`, `ajp` and `fastcgi`, and `unique=true`, are refused."
                + " What is known of a server survives reloads and changes of the list.");
    http.directive("check_http_send")
        .in(UPSTREAM)
        .read(CheckModule::send)
        .syntax("packet")
        .defaultText("\"GET / HTTP/1.0\\r\\n\\r\\n\"")
        .summary("What a check of type `http` sends.");
    Map<String, Integer> classes = new LinkedHashMap<>();
    for (int digit = 1; digit <= 5; digit++) {
      classes.put("http_" + digit + "xx", digit);
    }
    http.directive("check_http_expect_alive")
        .in(UPSTREAM)
        .someOf(ALIVE, classes)
        .defaultText("http_2xx http_3xx")
        .summary("The status codes that a check of type `http` takes for life.");
    http.directive("check_keepalive_requests")
        .in(UPSTREAM)
        .number(REQUESTS, 1, Integer.MAX_VALUE)
        .defaultText("1")
        .summary("How many checks of type `http` go over one connection.");
    http.directive("check_shm_size")
        .in(HTTP)
        .size(Setting.of("check_shm_size", 0L))
        .defaultText("1m")
        .summary("Accepted: what checks find is kept with the servers.");
    http.directive("check_status")
        .in(SERVER, LOCATION)
        .arguments(0, 1)
        .read(this::status)
        .syntax("[html | csv | json]")
        .summary(
            "Answers with what `check` has found; the arguments `format` and `status=up|down` of a"
                + " request choose.");
  }

  private void status(Directive d, Scope scope) {
    CheckStatus.Format format =
        d.argumentCount() == 0 ? CheckStatus.Format.HTML : CheckStatus.Format.of(d.argument(0));
    if (format == null) {
      throw ConfigException.at(d, 0, "invalid check format \"" + d.argument(0) + "\"")
          .withHelp("one of: html, csv, json");
    }
    scope.set(HttpRegistry.CONTENT, _ -> new CheckStatus(http.environment().upstreams(), format));
  }

  /// The parameters of one `check`.
  private static final class Parameters {
    private CheckSpec.Type type = CheckSpec.Type.TCP;
    private long interval = 30_000;
    private long timeout = 1000;
    private int rise = 2;
    private int fall = 5;
    private int port;
    private boolean defaultDown = true;

    void read(Directive d, int i) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String value = word.substring(equals + 1);
      switch (equals < 0 ? word : word.substring(0, equals)) {
        case "type" -> type = type(d, i, value);
        case "port" -> port = (int) number(d, i, value, 65_535);
        case "interval" -> interval = number(d, i, value, Integer.MAX_VALUE);
        case "timeout" -> timeout = number(d, i, value, Integer.MAX_VALUE);
        case "rise" -> rise = (int) number(d, i, value, Integer.MAX_VALUE);
        case "fall" -> fall = (int) number(d, i, value, Integer.MAX_VALUE);
        case "default_down" -> defaultDown = truth(d, i, value);
        case "unique" -> {
          if (truth(d, i, value)) {
            throw ConfigException.at(
                d, i, "the \"unique\" parameter of \"check\" is not supported");
          }
        }
        default -> throw HealthModule.invalid(d, i);
      }
    }

    private static CheckSpec.Type type(Directive d, int i, String value) {
      return switch (value) {
        case "tcp" -> CheckSpec.Type.TCP;
        case "http" -> CheckSpec.Type.HTTP;
        case "ssl_hello", "mysql", "ajp", "fastcgi" ->
            throw ConfigException.at(
                d, i, "check type \"" + value + "\" is not supported, only tcp and http are");
        default -> throw HealthModule.invalid(d, i);
      };
    }

    private static long number(Directive d, int i, String value, long most) {
      OptionalLong number = Units.number(value);
      if (number.isEmpty() || number.getAsLong() == 0 || number.getAsLong() > most) {
        throw HealthModule.invalid(d, i);
      }
      return number.getAsLong();
    }

    private static boolean truth(Directive d, int i, String value) {
      if (value.equalsIgnoreCase("true")) {
        return true;
      }
      if (value.equalsIgnoreCase("false")) {
        return false;
      }
      throw ConfigException.at(
          d, i, "invalid value \"" + d.argument(i) + "\", it must be \"true\" or \"false\"");
    }
  }

  private static void check(Directive d, Scope scope) {
    Parameters parameters = new Parameters();
    for (int i = 0; i < d.argumentCount(); i++) {
      parameters.read(d, i);
    }
    scope.set(CHECK, parameters);
  }

  private static void send(Directive d, Scope scope) {
    Parameters check = scope.get(CHECK);
    if (check == null) {
      throw ConfigException.at(d, "invalid check_http_send should set [check] first");
    }
    if (!d.argument(0).isEmpty() && check.type != CheckSpec.Type.HTTP) {
      throw ConfigException.at(d, "invalid check_http_send for type \"tcp\"");
    }
    scope.set(SEND, d.argument(0));
  }

  /// The check of an `upstream` block; null if it has none.
  static @Nullable CheckSpec spec(Scope upstream) {
    Parameters said = upstream.get(CHECK);
    return said == null
        ? null
        : new CheckSpec(
            said.type,
            said.interval,
            said.timeout,
            said.fall,
            said.rise,
            said.defaultDown,
            said.port,
            upstream.get(SEND).isEmpty() ? CheckSpec.STANDARD_REQUEST : upstream.get(SEND),
            upstream.get(ALIVE),
            upstream.get(REQUESTS));
  }
}

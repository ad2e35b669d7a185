package dev.turnout.http.proxy;

import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Response;
import dev.turnout.http.StickyValues;
import dev.turnout.http.Variable;
import dev.turnout.http.Variables;
import dev.turnout.upstream.sticky.Sticky;
import dev.turnout.upstream.sticky.StickyCookie;
import dev.turnout.upstream.sticky.StickyLearn;
import dev.turnout.upstream.sticky.StickyRoute;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// `sticky`: requests of one session go to one server.
public final class StickyModule implements HttpModule {
  private static final Setting<@Nullable Said> STICKY = Setting.local("sticky", null);
  private static final long DEFAULT_TIMEOUT = 600_000;
  private static final long SMALLEST_ZONE = 8 * 4096;

  private final Map<String, String> upstreamOfZone = new HashMap<>();
  private @Nullable HttpRegistry http;

  /// What the directive of one upstream says.
  private record Said(Directive directive, int zoneAt, Sticky sticky) {}

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.filter(_ -> StickyModule::addCookies); // an upstream may get its cookie at run time
    http.sticky(StickyModule::values);
    http.directive("sticky")
        .in(UPSTREAM)
        .atLeast(2)
        .read((d, scope) -> scope.set(STICKY, read(d)))
        .syntax(
            "cookie name [expires=time|max] [domain=] [path=] [httponly] [secure] [samesite=] | route"
                + " $variable ... | learn create=$variable lookup=$variable zone=name:size"
                + " [timeout=] [header] [sync]")
        .summary(
            "Requests of one session go to one server: the client brings a cookie back, variables name"
                + " the server's route, or the sessions that servers begin are learned. With `sync`"
                + " nodes that have a store in common tell each other what they learn, a moment"
                + " later.")
        .differs(
            "A zone that a reload gives to another upstream begins empty, where nginx refuses the"
                + " reload. It may stand before the balancing method, too."
                + " `sync` needs a `state_store` in Redis.");
  }

  /// Notes what an upstream has been told, whose block has been read.
  ///
  /// @return how its requests are bound, or null
  @Nullable Sticky declare(String upstream, Scope scope) {
    Said said = scope.get(STICKY);
    if (said == null) {
      return null;
    }
    if (said.sticky() instanceof StickyLearn learn) {
      registry().sharedZones().claim(said.directive(), said.zoneAt(), learn.zone(), "sticky");
      String other = upstreamOfZone.putIfAbsent(learn.zone(), upstream);
      if (other != null) {
        throw ConfigException.at(
            said.directive(),
            "sticky zone \"" + learn.zone() + "\" is already used in upstream \"" + other + "\"");
      }
    }
    return said.sticky();
  }

  /// What the content of an upstream that is made at run time says, or null.
  static @Nullable Sticky sticky(Scope scope) {
    Said said = scope.get(STICKY);
    return said == null ? null : said.sticky();
  }

  /// Whatever answers after a server was chosen, an error page too, brings the client back to it.
  private static void addCookies(Exchange exchange, Response response) {
    if (exchange.upstreaming() instanceof Proxying proxying) {
      proxying.addStickyCookies(response.headers());
    }
  }

  private Said read(Directive d) {
    return switch (d.argument(0)) {
      case "cookie" -> cookie(d);
      case "route" -> route(d);
      case "learn" -> learn(d);
      default -> throw unknown(d, 0);
    };
  }

  private static ConfigException unknown(Directive d, int i) {
    return ConfigException.at(d, i, "unknown parameter \"" + d.argument(i) + "\"");
  }

  private Said route(Directive d) {
    List<String> variables = new ArrayList<>();
    for (int i = 1; i < d.argumentCount(); i++) {
      if (!d.argument(i).startsWith("$")) {
        throw ConfigException.at(d, i, "invalid variable name \"" + d.argument(i) + "\"");
      }
      variables.add(known(registry(), d, i, d.argument(i).substring(1)));
    }
    return new Said(d, 0, new StickyRoute(variables));
  }

  /// The name of a variable that is there, or comes later in the file.
  private static String known(HttpRegistry http, Directive d, int i, String name) {
    try {
      http.variables().get(name);
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, i, String.valueOf(e.getMessage()));
    }
    return name;
  }

  // ---- cookie

  private Said cookie(Directive d) {
    String name = d.argument(1);
    if (name.isEmpty()) {
      throw ConfigException.directive(d, "empty cookie name");
    }
    CookieParameters said = new CookieParameters();
    for (int i = 2; i < d.argumentCount(); i++) {
      said.read(registry(), d, i);
    }
    return new Said(
        d,
        0,
        new StickyCookie(
            name,
            said.expires == null ? StickyCookie.SESSION : said.expires,
            said.domain == null ? "" : said.domain,
            said.path == null ? "" : said.path,
            said.httpOnly,
            said.secure,
            said.sameSite == null ? "" : said.sameSite));
  }

  /// The parameters of a `sticky cookie`, as they are read.
  private static final class CookieParameters {
    private @Nullable Long expires;
    private @Nullable String domain;
    private @Nullable String sameSite;
    private @Nullable String path;
    private boolean httpOnly;
    private boolean secure;

    void read(HttpRegistry http, Directive d, int i) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals + 1);
      String value = word.substring(equals + 1);
      switch (name) {
        case "domain=" -> {
          once(d, name, domain != null);
          domain = given(d, name, value);
          http.template(d, i, value); // its variables must be there
        }
        case "path=" -> {
          once(d, name, path != null);
          path = given(d, name, value);
        }
        case "expires=" -> {
          once(d, name, expires != null);
          expires = expires(d, value);
        }
        case "samesite=" -> {
          once(d, name, sameSite != null);
          sameSite = value;
          if (http.template(d, i, value).isConstant() && !StickyCookieText.isSameSite(value)) {
            throw ConfigException.directive(d, "invalid \"samesite\" parameter value")
                .withHelp("it is strict, lax or none");
          }
        }
        case "httponly" -> {
          once(d, name, httpOnly);
          httpOnly = true;
        }
        case "secure" -> {
          once(d, name, secure);
          secure = true;
        }
        default -> throw unknown(d, i);
      }
    }

    private static long expires(Directive d, String value) {
      if (value.equals("max")) {
        return StickyCookie.MAX;
      }
      OptionalLong seconds = Units.seconds(value);
      if (seconds.isEmpty()) {
        throw ConfigException.directive(d, "invalid \"expires\" parameter value");
      }
      return seconds.getAsLong();
    }

    private static void once(Directive d, String name, boolean said) {
      if (said) {
        throw ConfigException.directive(d, "parameter \"" + bare(name) + "\" is duplicate");
      }
    }

    private static String given(Directive d, String name, String value) {
      if (value.isEmpty()) {
        throw ConfigException.directive(d, "no value for \"" + bare(name) + "\"");
      }
      return value;
    }

    private static String bare(String name) {
      return name.endsWith("=") ? name.substring(0, name.length() - 1) : name;
    }
  }

  // ---- learn

  private Said learn(Directive d) {
    LearnParameters said = new LearnParameters();
    for (int i = 1; i < d.argumentCount(); i++) {
      said.read(registry(), d, i);
    }
    if (said.lookup.isEmpty()) {
      throw ConfigException.directive(d, "\"lookup\" parameter is not specified");
    }
    if (said.create.isEmpty()) {
      throw ConfigException.directive(d, "\"create\" parameter is not specified");
    }
    if (said.bytes == 0) {
      throw ConfigException.directive(d, "\"zone\" parameter is not specified");
    }
    StickyLearn learn =
        new StickyLearn(
            said.zone,
            said.bytes,
            said.timeout == 0 ? DEFAULT_TIMEOUT : said.timeout,
            said.atHead,
            said.synced,
            said.create,
            said.lookup);
    return new Said(d, said.zoneAt, learn);
  }

  /// The parameters of a `sticky learn`, as they are read.
  private static final class LearnParameters {
    private final List<String> lookup = new ArrayList<>();
    private final List<String> create = new ArrayList<>();
    private String zone = "";
    private int zoneAt;
    private long bytes;
    private long timeout;
    private boolean atHead;
    private boolean synced;

    void read(HttpRegistry http, Directive d, int i) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String value = word.substring(equals + 1);
      switch (equals < 0 ? word : word.substring(0, equals + 1)) {
        case "zone=" -> zone(d, i, value);
        case "timeout=" -> timeout(d, value);
        case "lookup=" -> lookup.add(variable(http, d, i, "lookup", value));
        case "create=" -> create.add(variable(http, d, i, "create", value));
        case "header" -> atHead = true;
        case "sync" -> {
          http.syncedZones().ask(d, i);
          synced = true;
        }
        default -> throw unknown(d, i);
      }
    }

    private void zone(Directive d, int i, String value) {
      if (bytes != 0) {
        throw ConfigException.directive(d, "duplicate zone");
      }
      int colon = value.indexOf(':');
      if (colon < 0) {
        throw ConfigException.directive(d, "zone size is not specified")
            .withHelp("a zone is written zone=name:1m");
      }
      if (colon == 0) {
        throw ConfigException.directive(d, "zone name is not specified");
      }
      zone = value.substring(0, colon);
      zoneAt = i;
      bytes =
          Units.size(value.substring(colon + 1))
              .orElseThrow(() -> ConfigException.directive(d, "invalid zone size"));
      if (bytes < SMALLEST_ZONE) {
        throw ConfigException.directive(d, "zone is too small");
      }
    }

    private void timeout(Directive d, String value) {
      if (timeout != 0) {
        throw ConfigException.directive(d, "duplicate timeout");
      }
      timeout = Units.milliseconds(value).orElse(0);
      if (timeout == 0) {
        throw ConfigException.directive(d, "invalid timeout");
      }
    }

    private static String variable(
        HttpRegistry http, Directive d, int i, String name, String value) {
      if (!value.startsWith("$")) {
        throw ConfigException.directive(d, "missing variable in the \"" + name + "\" parameter");
      }
      return known(http, d, i, value.substring(1));
    }
  }

  private HttpRegistry registry() {
    HttpRegistry registry = http;
    if (registry == null) {
      throw new IllegalStateException("the sticky module is not registered");
    }
    return registry;
  }

  /// What is said in terms of names, in terms of a configuration that has the variables.
  ///
  /// @throws IllegalArgumentException if it does not have them
  private static StickyValues values(Sticky sticky, Variables variables) {
    return switch (sticky) {
      case StickyRoute(List<String> names) -> new Values(all(names, variables), List.of(), null);
      case StickyLearn learn ->
          new Values(all(learn.lookup(), variables), all(learn.create(), variables), null);
      case StickyCookie cookie ->
          new Values(
              List.of(variables.get("cookie_" + cookie.name())),
              List.of(),
              StickyCookieText.of(cookie, variables));
    };
  }

  private static List<Variable> all(List<String> names, Variables variables) {
    return names.stream().map(variables::get).toList();
  }

  /// What the variables say; of several, the first that says something.
  private record Values(
      List<Variable> lookup, List<Variable> create, @Nullable StickyCookieText text)
      implements StickyValues {
    @Override
    public String key(Exchange exchange) {
      return first(exchange, lookup);
    }

    @Override
    public String session(Exchange exchange) {
      return first(exchange, create);
    }

    @Override
    public String cookie(Exchange exchange, String route) {
      return text == null ? "" : text.value(exchange, route);
    }

    private static String first(Exchange exchange, List<Variable> variables) {
      for (Variable variable : variables) {
        String value = variable.value(exchange);
        if (value != null && !value.isEmpty()) {
          return value;
        }
      }
      return "";
    }
  }
}

package dev.turnout.http;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;
import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.net.resolve.Resolver;
import dev.turnout.net.resolve.ResolverSpec;
import dev.turnout.net.resolve.ResolverStats;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// `resolver` and `resolver_timeout`: who resolves names at run time.
public final class ResolverModule implements HttpModule {
  private static final Setting<@Nullable Declared> RESOLVER = Setting.of("resolver", null);
  private static final Setting<Long> TIMEOUT = Setting.of("resolver_timeout", 30_000L);
  private static final int DNS_PORT = 53;

  private final CoreModule core;
  private final List<Declared> declared = new ArrayList<>();
  private @Nullable HttpRegistry http;

  /// A `resolver` of a configuration that is being read; becomes a [Resolver] when the loops are
  /// there.
  private static final class Declared {
    private final Scope scope;
    private final ResolverSpec spec;
    private final @Nullable String zone;
    private @Nullable Resolver resolver;

    Declared(Scope scope, ResolverSpec spec, @Nullable String zone) {
      this.scope = scope;
      this.spec = spec;
      this.zone = zone;
    }
  }

  public ResolverModule(CoreModule core) {
    this.core = core;
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.directive("resolver")
        .in(HTTP, SERVER, LOCATION, UPSTREAM)
        .atLeast(1)
        .read(this::read)
        .syntax("address ... [valid=time] [ipv4=on|off] [ipv6=on|off] [status_zone=zone]")
        .summary(
            "The name servers that resolve names at run time: of `proxy_pass` with variables, and of"
                + " servers with `resolve`.")
        .differs("All loops share one cache. `status_zone` counts; as in NGINX Plus.");
    http.directive("resolver_timeout")
        .in(HTTP, SERVER, LOCATION, UPSTREAM)
        .time(TIMEOUT)
        .defaultText("30s")
        .summary("How long resolving a name may take.");
    http.beforeBuild(this::make);
    http.pending(
        new HttpRegistry.Pending() {
          @Override
          public void activate() {
            each(Resolver::open);
          }

          @Override
          public void abandon() {
            each(Resolver::close);
          }

          @Override
          public void retire() {
            each(Resolver::close);
          }
        });
  }

  /// The resolver of a block, or null if there is none. Once the configuration is being built.
  public static @Nullable Resolver resolver(Scope scope) {
    Declared said = scope.get(RESOLVER);
    if (said == null) {
      return null;
    }
    Resolver made = said.resolver;
    if (made == null) {
      throw new IllegalStateException("the resolvers are not made yet");
    }
    return made;
  }

  /// How long resolving may take in a block.
  public static long timeoutMillis(Scope scope) {
    return scope.get(TIMEOUT);
  }

  /// How the names of servers are resolved in a block; null if it has no resolver. Once the
  /// configuration is being built.
  public @Nullable Naming naming(Scope scope) {
    Resolver resolver = resolver(scope);
    return resolver == null
        ? null
        : new Naming(resolver, timeoutMillis(scope), core.errorLog(outermost(scope)));
  }

  private static Scope outermost(Scope scope) {
    Scope at = scope;
    for (Scope parent = at.parent(); parent != null; parent = at.parent()) {
      at = parent;
    }
    return at;
  }

  private void make() {
    HttpRegistry registry = http;
    if (registry == null) {
      throw new IllegalStateException("the resolver module is not registered");
    }
    HttpEnvironment environment = registry.environment();
    for (Declared one : declared) {
      ResolverStats stats =
          one.zone == null ? new ResolverStats() : environment.resolverStats(one.zone);
      one.resolver =
          new Resolver(
              one.spec,
              stats,
              environment.workers().next(),
              core.errorLog(outermost(one.scope)),
              () -> System.nanoTime() / 1_000_000);
      Naming naming = one.scope.context() == HTTP ? naming(one.scope) : null;
      if (naming != null) {
        registry.upstreams().resolveOthersBy(naming);
      }
    }
  }

  private void each(Consumer<Resolver> what) {
    for (Declared one : declared) {
      Resolver made = one.resolver;
      if (made != null) {
        what.accept(made);
      }
    }
  }

  private void read(Directive d, Scope scope) {
    List<InetSocketAddress> servers = new ArrayList<>();
    long valid = 0;
    boolean ipv4 = true;
    boolean ipv6 = true;
    String zone = null;
    for (int i = 0; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      if (word.startsWith("valid=")) {
        OptionalLong seconds = Units.seconds(word.substring(6));
        valid = seconds.orElseThrow(() -> invalid(d, word)) * 1000;
      } else if (word.startsWith("ipv4=")) {
        ipv4 = flag(d, word);
      } else if (word.startsWith("ipv6=")) {
        ipv6 = flag(d, word);
      } else if (word.startsWith("status_zone=")) {
        zone = word.substring(12);
        if (zone.isEmpty()) {
          throw invalid(d, word);
        }
      } else {
        servers.addAll(addresses(d, i));
      }
    }
    if (!ipv4 && !ipv6) {
      throw ConfigException.at(d, "\"ipv4\" and \"ipv6\" cannot both be \"off\"");
    }
    if (servers.isEmpty()) {
      throw ConfigException.at(d, "no name servers defined");
    }
    Declared said = new Declared(scope, new ResolverSpec(servers, valid, ipv4, ipv6), zone);
    declared.add(said);
    scope.set(RESOLVER, said);
  }

  private static boolean flag(Directive d, String word) {
    return switch (word.substring(5)) {
      case "on" -> true;
      case "off" -> false;
      default -> throw invalid(d, word);
    };
  }

  private static ConfigException invalid(Directive d, String word) {
    return ConfigException.at(d, "invalid parameter: " + word);
  }

  /// The addresses of a name server, looked up now if it has a name.
  private static List<InetSocketAddress> addresses(Directive d, int i) {
    String text = d.argument(i);
    int afterHost = text.startsWith("[") ? text.indexOf(']') + 1 : text.lastIndexOf(':');
    String host = afterHost <= 0 ? text : text.substring(0, afterHost);
    int port = DNS_PORT;
    if (afterHost > 0 && afterHost < text.length()) {
      OptionalLong number =
          text.charAt(afterHost) == ':'
              ? Units.number(text.substring(afterHost + 1))
              : OptionalLong.empty();
      if (number.isEmpty() || number.getAsLong() < 1 || number.getAsLong() > 65535) {
        throw ConfigException.at(d, i, "invalid port in resolver \"" + text + "\"");
      }
      port = (int) number.getAsLong();
    }
    List<InetSocketAddress> all = new ArrayList<>();
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        all.add(new InetSocketAddress(address, port));
      }
    } catch (UnknownHostException _) {
      throw ConfigException.at(d, i, "host not found in resolver \"" + text + "\"");
    }
    return all;
  }
}

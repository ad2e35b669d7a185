package dev.turnout.admin.gate;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LIMIT_EXCEPT;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.ConfigLoader;
import dev.turnout.config.Directive;
import dev.turnout.config.FileNames;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.TargetGuard;
import dev.turnout.control.TargetRule;
import dev.turnout.http.CoreModule;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.ResponseFilter;
import dev.turnout.http.Upstreams;
import dev.turnout.http.access.AccessModule;
import dev.turnout.http.access.AuthBasicModule;
import dev.turnout.http.proxy.ProxyModule;
import dev.turnout.log.Errno;
import dev.turnout.net.ListenAddress;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `management_keys`, `management_allow`, `audit_log`, `upstream_targets`: who may change the state
/// of the node, the record of it, and what no change may reach. The interfaces for changes
/// [protect][#protect] the locations they are in, and ask the [Gate] that they get for each.
public final class GateModule implements HttpModule {
  static final String CHALLENGE = "Bearer realm=\"management\"";

  private static final Setting<@Nullable ApiKeys> KEYS = Setting.of("management_keys", null);
  private static final Setting<@Nullable Jwt> TOKENS = Setting.of("management_jwt", null);
  private static final Setting<List<Allowed>> ALLOWED = Setting.listOf("management_allow");
  private static final Setting<@Nullable Directive> GUARDED = Setting.local("interface", null);

  private final AccessModule access;
  private final AuthBasicModule basic;
  private final ChangeWriter writer;
  private final Map<String, ApiKeys> files = new HashMap<>();
  private final Set<SocketAddress> listens = new HashSet<>();
  private final Map<String, List<TargetRule>> zones = new HashMap<>();
  private final List<TargetRule> ranges = new ArrayList<>();
  private boolean bounded;
  private boolean unix;
  private @Nullable Path auditFile;
  private AuditLog audit = new AuditLog(null);
  private @Nullable HttpRegistry http;
  private @Nullable ExchangeSlot<Identity> keyed;
  private @Nullable ExchangeSlot<String> trying;

  /// One `management_allow`.
  private record Allowed(String user, int uid, Role role) {}

  /// @param access what lets clients in by address; runs before
  /// @param basic what asks for passwords; runs after
  public GateModule(AccessModule access, AuthBasicModule basic, ChangeWriter writer) {
    this.access = access;
    this.basic = basic;
    this.writer = writer;
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    keyed = http.exchangeSlot();
    ExchangeSlot<String> tries = http.exchangeSlot();
    trying = tries;
    http.directive("management_keys")
        .in(HTTP, SERVER, LOCATION)
        .read(this::keys)
        .syntax("file | off")
        .defaultText("off")
        .summary(
            "The keys of those who may use the interfaces for changes, one `name:role:hash` a line,"
                + " read with the configuration; `turnout --hash-key NAME ROLE` makes one. A client"
                + " sends its key as `Authorization: Bearer NAME.SECRET` or `X-API-Key:"
                + " NAME.SECRET`. A role is `viewer` (looks), `operator` (changes servers, points"
                + " hosts at groups that exist) or `admin` (everything), and may be bound:"
                + " `operator:upstream=web-*,host=*.example.com`. Whoever is wrong ten times within"
                + " a minute is answered 429 until it is over.");
    http.directive("management_jwt")
        .in(HTTP, SERVER, LOCATION)
        .atLeast(1)
        .read(this::tokens)
        .syntax("file [aud=audience] [iss=issuer] [claim=name] | off")
        .defaultText("off")
        .summary(
            "Lets those in who show a token (RFC 7519) that a key of this JWKS file has signed, read"
                + " with the configuration: HS256, RS256, ES256 or EdDSA (Ed25519), with `exp` and `sub`, and the"
                + " audience and issuer that are said here. The claim, `roles` if none is named, is a"
                + " role as in `management_keys`, or a list; of several the highest counts. It is"
                + " sent as `Authorization: Bearer TOKEN`.");
    http.directive("management_allow")
        .in(HTTP, SERVER, LOCATION)
        .arguments(2)
        .repeatable()
        .read(GateModule::allow)
        .syntax("uid=number | user=name role")
        .summary(
            "The role of a user of this machine, who comes by a unix socket and is known by the"
                + " kernel's word, or of a user of `auth_basic`. Where there is one of these,"
                + " `management_keys` or `management_jwt`, the interfaces for changes answer nobody who has no role;"
                + " where there is none, whoever the location lets in may do everything.");
    http.directive("audit_log")
        .in(HTTP)
        .read(this::audit)
        .syntax("file | off")
        .defaultText("off")
        .summary(
            "A record of each attempt to change the state of the node, made or refused, one JSON"
                + " object a line. A change is made only when its line is on disk; what is refused"
                + " is written without waiting for the disk, of unknown clients once a second at"
                + " most each. Reopened with the other logs.");
    http.directive("upstream_targets")
        .in(HTTP)
        .atLeast(1)
        .repeatable()
        .read(this::targets)
        .syntax("CIDR[:ports] | unix: ...")
        .summary(
            "Where servers may be that are added at run time; without it, anywhere. What is"
                + " link-local, multicast, a cloud's metadata service or a listener of this node that proxies is"
                + " refused always. Servers of the configuration are not touched by it.");
    access.alsoAsks(scope -> owner(scope).get(GUARDED) != null && management(scope).isOn());
    Visitors visitors = visitors();
    basic.watch((exchange, right) -> {
      String client = exchange.get(tries);
      if (client != null) {
        exchange.put(tries, null);
        visitors.ended(client, right);
      }
    });
    http.phase(Phase.ACCESS, this::handler);
    http.filter(GateModule::filter);
    http.beforeBuild(this::open);
    http.pending(
        new HttpRegistry.Pending() {
          @Override
          public void activate() {
            TargetGuard guard = guard();
            writer.targets(guard);
            Upstreams.Plan plan = http.upstreams();
            http.environment()
                .upstreams()
                .screen((upstream, name, address) ->
                    plan.hasServer(upstream, name) ? null : guard.refusal(address));
            writer.audit(audit);
          }

          @Override
          public void abandon() {
            close();
          }

          @Override
          public void retire() {
            close();
          }
        });
  }

  // ---- what the interfaces use

  /// Called while a directive is read that makes `location` an interface for changes: it is for
  /// this machine only, unless it has access rules or asks who clients are.
  public void protect(Directive d, Scope location) {
    AccessModule.onlyThisMachineByDefault(location);
    registry().changesState(true);
    location.set(GUARDED, d);
  }

  /// The gate of a location that was [protected][#protect], once all of it is read.
  ///
  /// @throws ConfigException if strangers would get in
  public Gate gate(Scope location, Dialect dialect) {
    Directive d = owner(location).get(GUARDED);
    if (d == null) {
      throw new IllegalStateException("the location is not protected");
    }
    for (SocketAddress address : CoreModule.listens(location)) {
      if (access.letsStrangersIn(location)
          && address instanceof InetSocketAddress inet
          && !inet.getAddress().isLoopbackAddress()) {
        throw ConfigException.at(
                d,
                "\""
                    + d.name()
                    + "\" on "
                    + ListenAddress.text(address)
                    + " would let anybody change this node")
            .withHelp(
                "end the access rules with \"deny all;\", or ask who clients are with"
                    + " \"management_keys\" or \"auth_basic\"");
      }
    }
    return new Gate(
        dialect, management(location), basic, slot(keyed), slot(trying), visitors(), audit);
  }

  /// The values of a zone are targets: of addresses only these may be among them.
  public void holdsTargets(String zone, List<TargetRule> allowed) {
    zones.computeIfAbsent(zone, _ -> new ArrayList<>()).addAll(allowed);
  }

  // ---- the directives

  private void keys(Directive d, Scope scope) {
    if (d.argument(0).equals("off")) {
      scope.set(KEYS, null);
      return;
    }
    String file = FileNames.completed(scope.get(ConfigLoader.CONF_PREFIX), d.argument(0));
    ApiKeys keys = files.get(file);
    if (keys == null) {
      try {
        keys = ApiKeys.read(FileNames.path(file));
      } catch (IOException e) {
        throw unreadable(d, file, e);
      } catch (IllegalArgumentException e) {
        throw ConfigException.at(d, 0, String.valueOf(e.getMessage()))
            .withHelp("turnout --hash-key NAME ROLE makes such a line");
      }
      files.put(file, keys);
    }
    scope.set(KEYS, keys);
  }

  private void tokens(Directive d, Scope scope) {
    if (d.argumentCount() == 1 && d.argument(0).equals("off")) {
      scope.set(TOKENS, null);
      return;
    }
    String audience = "";
    String issuer = "";
    String claim = "roles";
    for (int i = 1; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String value = word.substring(equals + 1);
      String name = value.isEmpty() || equals < 0 ? "" : word.substring(0, equals);
      switch (name) {
        case "aud" -> audience = value;
        case "iss" -> issuer = value;
        case "claim" -> claim = value;
        default -> throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"");
      }
    }
    String file = FileNames.completed(scope.get(ConfigLoader.CONF_PREFIX), d.argument(0));
    try {
      scope.set(TOKENS, new Jwt(Jwks.read(FileNames.path(file)), audience, issuer, claim));
    } catch (IOException e) {
      throw unreadable(d, file, e);
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, 0, String.valueOf(e.getMessage()));
    }
  }

  private static ConfigException unreadable(Directive d, String file, IOException e) {
    String message = String.valueOf(e.getMessage());
    return ConfigException.at(
        d,
        0,
        message.startsWith("\"")
            ? message
            : "open() \"" + file + "\" failed (" + Errno.describe(e) + ")");
  }

  private static void allow(Directive d, Scope scope) {
    Role role;
    try {
      role = Role.parse(d.argument(1));
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, 1, String.valueOf(e.getMessage()));
    }
    String word = d.argument(0);
    if (word.startsWith("user=") && word.length() > 5) {
      scope.append(ALLOWED, new Allowed(word.substring(5), -1, role));
      return;
    }
    OptionalLong uid =
        word.startsWith("uid=") ? Units.number(word.substring(4)) : OptionalLong.empty();
    if (uid.isEmpty() || uid.getAsLong() > Integer.MAX_VALUE) {
      throw ConfigException.at(d, 0, "invalid parameter \"" + word + "\"")
          .withHelp("written uid=number or user=name");
    }
    scope.append(ALLOWED, new Allowed("", (int) uid.getAsLong(), role));
  }

  private void audit(Directive d, Scope scope) {
    auditFile =
        d.argument(0).equals("off") ? null : FileNames.path(CoreModule.path(scope, d.argument(0)));
  }

  private void targets(Directive d, Scope scope) {
    bounded = true;
    for (int i = 0; i < d.argumentCount(); i++) {
      if (d.argument(i).equals("unix:")) {
        unix = true;
        continue;
      }
      try {
        ranges.add(TargetRule.parse(d.argument(i)));
      } catch (IllegalArgumentException e) {
        throw ConfigException.at(d, i, String.valueOf(e.getMessage()));
      }
    }
  }

  private void open() {
    Path file = auditFile;
    if (file == null) {
      return;
    }
    try {
      audit = new AuditLog(registry().environment().logs().records(file.toString()));
    } catch (IOException e) {
      throw ConfigException.withoutPosition(String.valueOf(e.getMessage()));
    }
  }

  private void close() {
    audit.close();
    audit = new AuditLog(null);
  }

  // ---- what is built of them

  /// The location that an `if` or `limit_except` belongs to, or the block itself.
  private static Scope owner(Scope scope) {
    Scope at = scope;
    while ((at.context() == LOCATION_IF || at.context() == LIMIT_EXCEPT) && at.parent() != null) {
      at = Objects.requireNonNull(at.parent());
    }
    return at;
  }

  private static Management management(Scope scope) {
    Map<String, Role> users = new HashMap<>();
    Map<Integer, Role> uids = new HashMap<>();
    for (Allowed allowed : scope.get(ALLOWED)) {
      if (allowed.uid() < 0) {
        users.putIfAbsent(allowed.user(), allowed.role());
      } else {
        uids.putIfAbsent(allowed.uid(), allowed.role());
      }
    }
    return new Management(scope.get(KEYS), scope.get(TOKENS), users, uids);
  }

  private @Nullable PhaseHandler handler(Scope scope) {
    if (ProxyModule.isProxied(scope)) {
      listens.addAll(CoreModule.listens(scope)); // a request sent there could come round for ever
    }
    if (owner(scope).get(GUARDED) == null) {
      return null;
    }
    return new LogIn(
        scope.get(KEYS),
        scope.get(TOKENS),
        basic,
        AuthBasicModule.isOn(scope),
        slot(keyed),
        slot(trying),
        visitors(),
        audit);
  }

  private static @Nullable ResponseFilter filter(Scope scope) {
    if (owner(scope).get(GUARDED) == null) {
      return null;
    }
    return (_, response) -> {
      response.headers().set("Cache-Control", "no-store");
      response.headers().set("X-Content-Type-Options", "nosniff");
    };
  }

  private TargetGuard guard() {
    List<InetSocketAddress> own = new ArrayList<>();
    Set<String> sockets = new HashSet<>();
    for (SocketAddress address : listens) {
      switch (address) {
        case InetSocketAddress inet -> {
          own.add(inet);
          if (inet.getAddress().isAnyLocalAddress()) {
            addressesOfThisMachine()
                .forEach(here -> own.add(new InetSocketAddress(here, inet.getPort())));
          }
        }
        case DomainSocketAddress domain -> sockets.add(domain.path());
        case UnixDomainSocketAddress domain -> sockets.add(domain.getPath().toString());
        default -> {
          // there are no others
        }
      }
    }
    return new TargetGuard(
        bounded && ranges.isEmpty() ? List.of(TargetRule.NOTHING) : ranges,
        !bounded || unix,
        own,
        sockets,
        zones);
  }

  private static List<InetAddress> addressesOfThisMachine() {
    try {
      return NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses).toList();
    } catch (SocketException _) {
      return List.of(); // then the listeners alone are known
    }
  }

  private Visitors visitors() {
    return registry().environment().kept(Visitors.class, _ -> new Visitors());
  }

  private static <T> ExchangeSlot<T> slot(@Nullable ExchangeSlot<T> slot) {
    return Objects.requireNonNull(slot, "the gate is not registered");
  }

  private HttpRegistry registry() {
    return Objects.requireNonNull(http, "the gate is not registered");
  }
}

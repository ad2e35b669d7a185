package dev.turnout.discovery.upsync;

import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.discovery.Followers;
import dev.turnout.discovery.Source;
import dev.turnout.discovery.SourceSpec.Places;
import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.proxy.FollowedList;
import dev.turnout.http.proxy.ServerAddress;
import dev.turnout.upstream.PeerSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `upsync`, `upsync_dump_path`, `upsync_lb` and `upstream_show`, as nginx-upsync-module has them.
public final class UpsyncModule implements HttpModule {
  private static final long USUAL_INTERVAL = 5_000;
  private static final long USUAL_TIMEOUT = 360_000;
  private static final int STRONG_TRIES = 3; // the module's, as is the second that each may take
  private static final long STRONG_MILLIS = 1_000;
  private static final List<String> METHODS =
      List.of("roundrobin", "ip_hash", "least_conn", "hash_modula", "hash_ketama");

  private static final Setting<@Nullable Asked> ASKED = Setting.local("upsync", null);
  private static final Setting<@Nullable Path> DUMP = Setting.local("upsync_dump_path", null);

  /// An `upsync`, and whether the node may start without an answer.
  private record Asked(Directive directive, UpsyncSpec spec, boolean strong) {}

  private final CoreModule core;
  private final Followers.Plan plan;
  private @Nullable HttpRegistry http;

  /// @param plan the groups of this configuration that follow a source
  public UpsyncModule(CoreModule core, Followers.Plan plan) {
    this.core = core;
    this.plan = plan;
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.pending(plan);
    http.directive("upsync")
        .in(UPSTREAM)
        .atLeast(1)
        .read(this::read)
        .syntax(
            "host[:port]/path upsync_type=consul | consul_services | consul_health | etcd"
                + " [upsync_interval=time] [upsync_timeout=time] [strong_dependency=on | off]")
        .summary(
            "The group's servers are what Consul (keys, catalog, or health) or etcd's v2 API says"
                + " under this path, in the formats of nginx-upsync-module: asked with the index of"
                + " the last answer, and again `upsync_interval` (5s) after each; `upsync_timeout`"
                + " (6m) is for one question. What the block names counts until there was an answer."
                + " With `strong_dependency=on` a start, a reload and a test of the configuration"
                + " fail if there is none.")
        .differs(
            "One question for each group and node, not for each worker. An address may begin with"
                + " `https://`. `backup` counts, names and IPv6 addresses are taken, keys of a"
                + " neighbour whose name begins alike are not; an answer without servers never"
                + " empties the group. Each change is in the history; after a restart the group is"
                + " as it was.");
    http.directive("upsync_dump_path")
        .in(UPSTREAM)
        .arguments(1)
        .read((d, scope) ->
            scope.set(DUMP, Path.of(CoreModule.path(scope, d.argument(0))).toAbsolutePath()))
        .syntax("file")
        .summary(
            "Where the group's servers are written as `server` lines whenever `upsync` has changed"
                + " them. If the node remembers none, it starts with these.")
        .differs(
            "The file is replaced whole. Without the directive no file is written, where the module"
                + " takes one in `/tmp`.");
    http.directive("upsync_lb")
        .in(UPSTREAM)
        .arguments(1)
        .read(UpsyncModule::method)
        .syntax("roundrobin | ip_hash | least_conn | hash_modula | hash_ketama")
        .summary("Nothing: every balancing method follows changes of the list by itself.");
    http.directive("upstream_show")
        .in(LOCATION)
        .arguments(0)
        .read((_, scope) ->
            scope.set(HttpRegistry.CONTENT, _ -> new UpstreamShow(http.environment().upstreams())))
        .summary(
            "Answers with the servers of the group that the arguments of the request name, or of"
                + " all groups, in the text of nginx-upsync-module. Who may ask is for `allow` and"
                + " `deny` to say.");
  }

  private static void method(Directive d, Scope scope) {
    if (!METHODS.contains(d.argument(0))) {
      scope.warn(
          d,
          "unknown method \""
              + d.argument(0)
              + "\" in \"upsync_lb\" directive is ignored, there are "
              + String.join(", ", METHODS));
    }
  }

  private void read(Directive d, Scope scope) {
    if (scope.get(FollowedList.SETTING) != null) {
      throw ConfigException.at(
          d, "the servers of this upstream are found out by \"servers_from\" already");
    }
    Registry registry = null;
    long interval = 0;
    long timeout = 0;
    boolean strong = false;
    for (int i = 1; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String value = word.substring(equals + 1);
      switch (equals < 0 ? word : word.substring(0, equals)) {
        case "upsync_timeout" -> timeout = time(d, i, value);
        case "upsync_interval" -> interval = time(d, i, value);
        case "strong_dependency" -> strong = flag(d, i, value);
        case "upsync_type" -> registry = registry(d, i, value);
        default ->
            throw ConfigException.at(d, i, "upsync_server: invalid parameter: \"" + word + "\"");
      }
    }
    if (registry == null) {
      throw ConfigException.at(d, "upsync_server: upsync_type cannt be null")
          .withHelp("upsync_type=consul, consul_services, consul_health, or etcd");
    }
    URI at = address(d, scope, registry);
    UpsyncSpec spec =
        new UpsyncSpec(
            registry,
            at,
            interval == 0 ? USUAL_INTERVAL : interval,
            timeout == 0 ? USUAL_TIMEOUT : timeout);
    scope.set(ASKED, new Asked(d, spec, strong));
    scope.set(FollowedList.SETTING, this::beginning);
    if (http != null) {
      http.changesState(true);
    }
  }

  private static long time(Directive d, int i, String value) {
    OptionalLong millis = Units.milliseconds(value);
    if (millis.isEmpty()) {
      throw ConfigException.at(d, i, "upsync_server: invalid parameter: \"" + d.argument(i) + "\"");
    }
    return millis.getAsLong();
  }

  private static boolean flag(Directive d, int i, String value) {
    return switch (value.toLowerCase(java.util.Locale.ROOT)) {
      case "on" -> true;
      case "off" -> false;
      default ->
          throw ConfigException.at(
              d, i, "invalid value \"" + value + "\", it must be \"on\" or \"off\"");
    };
  }

  private static Registry registry(Directive d, int i, String value) {
    return Registry.of(value)
        .orElseThrow(() ->
            ConfigException.at(d, i, "upsync_server: upsync_type invalid para")
                .suggesting(value, Arrays.stream(Registry.values()).map(Registry::word).toList()));
  }

  private static URI address(Directive d, Scope scope, Registry registry) {
    String text = d.argument(0);
    boolean tls = text.startsWith("https://");
    String rest = tls || text.startsWith("http://") ? text.substring(text.indexOf("//") + 2) : text;
    int slash = rest.indexOf('/');
    if (slash < 0) {
      throw ConfigException.at(
          d, 0, "upsync_server: please input conf_server upstream key in upstream");
    }
    URI at;
    try {
      at = new URI((tls ? "https://" : "http://") + rest).parseServerAuthority();
    } catch (URISyntaxException e) {
      String port = rest.substring(0, slash);
      boolean portOnly = port.indexOf(':') >= 0 && !port.endsWith("]");
      throw ConfigException.at(
              d,
              0,
              portOnly
                  ? "upsync_server: conf server port is invalid"
                  : "upsync_server: invalid host in upstream \"" + port + "\"")
          .withHelp(e.getReason());
    }
    if (at.getPort() == 0 || at.getPort() > 65535) {
      throw ConfigException.at(d, 0, "upsync_server: conf server port is invalid");
    }
    if (at.getHost() == null || at.getHost().isEmpty() || at.getRawUserInfo() != null) {
      throw ConfigException.at(d, 0, "upsync_server: no host in upstream \"" + rest + "\"");
    }
    if (!at.getPath().contains(registry.path())) {
      scope.warn(
          d,
          "the path of \"upsync\" for upsync_type=%s does not have \"%s\": is it \"%s\"?"
              .formatted(registry.word(), registry.path(), at.getHost() + registry.path() + "..."));
    }
    return at;
  }

  /// The servers to begin with where none are remembered: what the registry says if the node may
  /// not start without, else what was dumped, else what the block names.
  private Optional<FollowedList.Lines> beginning(Scope scope) {
    Asked asked = scope.get(ASKED);
    Directive block = scope.directive();
    if (asked == null || block == null) {
      return Optional.empty();
    }
    String name = block.argument(0);
    UpsyncSpec spec = asked.spec;
    Path path = scope.get(DUMP);
    DumpFile dump = path == null ? null : new DumpFile(path);
    plan.follow(
        name,
        spec,
        () -> core.errorLog(scope),
        (group, log) -> {
          if (dump != null) {
            dump.write(group, log);
          }
        });
    warnOfHost(asked, scope);
    if (asked.strong) {
      return Optional.of(new FollowedList.Lines(spec.label(), pulled(asked, name)));
    }
    try {
      return dump == null
          ? Optional.empty()
          : dump.read().map(text -> new FollowedList.Lines(dump.file().toString(), text));
    } catch (IOException e) {
      throw ConfigException.at(
          asked.directive, "upsync_dump_path \"" + path + "\" cannot be read: " + e);
    }
  }

  private static void warnOfHost(Asked asked, Scope scope) {
    String host = asked.spec.at().getHost();
    try {
      InetAddress.getAllByName(host);
    } catch (UnknownHostException _) {
      scope.warn(
          asked.directive,
          "host not found in upstream \"" + host + "\": until it is, the servers stay as they are");
    }
  }

  private static String pulled(Asked asked, String name) {
    UpsyncSpec spec = asked.spec;
    UpsyncSpec quick =
        new UpsyncSpec(spec.registry(), spec.at(), spec.intervalMillis(), STRONG_MILLIS);
    Places places =
        place -> {
          try {
            return ServerAddress.lookUp(place);
          } catch (IllegalArgumentException e) {
            throw new Source.Failure("server \"" + place + "\": " + e.getMessage(), e);
          }
        };
    String why = "";
    for (int i = 0; i < STRONG_TRIES; i++) {
      try {
        List<PeerSpec> servers = UpsyncSource.once(quick, places).servers();
        if (!servers.isEmpty()) {
          return servers.stream().map(PeerSpec::line).collect(Collectors.joining("\n"));
        }
        why = "it has no servers";
      } catch (Source.Failure e) {
        why = String.valueOf(e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
    throw ConfigException.at(
            asked.directive, "upsync: pull upstream \"" + name + "\" conf failed: " + why)
        .withHelp("with strong_dependency=off the node starts with the servers that it remembers");
  }
}

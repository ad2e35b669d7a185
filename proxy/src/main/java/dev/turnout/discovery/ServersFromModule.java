package dev.turnout.discovery;

import static dev.turnout.config.Context.UPSTREAM;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.discovery.kubernetes.KubernetesSpec;
import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.proxy.FollowedList;
import dev.turnout.http.proxy.UpstreamModule;
import dev.turnout.log.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// `servers_from`, Turnout's own: a group whose servers are in a file that is watched, or are the
/// endpoints of a Kubernetes service.
public final class ServersFromModule implements HttpModule {
  private static final long USUAL_INTERVAL = 500;

  private static final Setting<@Nullable Wanted> WANTED = Setting.local("servers_from", null);

  private final CoreModule core;
  private final UpstreamModule upstreams;
  private final Followers.Plan plan;
  private @Nullable HttpRegistry http;

  /// A source as it was read; the directive is for what is wrong with it.
  private record Wanted(Directive directive, SourceSpec spec, @Nullable Path file) {}

  /// @param upstreams what reads `server` lines
  /// @param plan the groups of this configuration that follow a source
  public ServersFromModule(CoreModule core, UpstreamModule upstreams, Followers.Plan plan) {
    this.core = core;
    this.upstreams = upstreams;
    this.plan = plan;
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.directive("servers_from")
        .in(UPSTREAM)
        .atLeast(2)
        .read(this::read)
        .syntax(
            "file path [interval=time] | kubernetes [namespace/]service [port=name | number]"
                + " [api=url] [token_file=path] [ca_file=path]")
        .summary(
            "Turnout's own: the group's servers are the `server` lines of a file, which is read"
                + " again when it is saved (`interval`, 500ms, is how often it is looked at), or the"
                + " endpoints of a Kubernetes service, as the API server tells of them: one that is"
                + " not ready is down, one that terminates is drained. In a pod the address, the"
                + " token and the certificate authority are those of the pod. What the block names"
                + " counts until there was a first answer. Each change is in the history; an empty"
                + " file changes nothing, a service without endpoints has its servers down.");
  }

  private void read(Directive d, Scope scope) {
    if (scope.get(FollowedList.SETTING) != null) {
      throw ConfigException.at(
          d, "the servers of this upstream are found out by \"upsync\" already");
    }
    Wanted wanted =
        switch (d.argument(0)) {
          case "file" -> file(d, scope);
          case "kubernetes" -> new Wanted(d, KubernetesSpec.read(d, scope), null);
          default ->
              throw ConfigException.at(d, 0, "invalid parameter \"" + d.argument(0) + "\"")
                  .suggesting(d.argument(0), List.of("file", "kubernetes"));
        };
    scope.set(WANTED, wanted);
    scope.set(FollowedList.SETTING, this::beginning);
    registry().changesState(true);
  }

  private HttpRegistry registry() {
    HttpRegistry registry = http;
    if (registry == null) {
      throw new IllegalStateException("the module is not registered");
    }
    return registry;
  }

  private Wanted file(Directive d, Scope scope) {
    if (d.argument(1).isEmpty()) {
      throw ConfigException.at(d, 1, "invalid value \"\" in \"servers_from\" directive");
    }
    Path file = Path.of(CoreModule.path(scope, d.argument(1))).toAbsolutePath().normalize();
    long interval = USUAL_INTERVAL;
    for (int i = 2; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      OptionalLong millis =
          word.startsWith("interval=")
              ? Units.milliseconds(word.substring("interval=".length()))
              : OptionalLong.empty();
      if (millis.isEmpty() || millis.getAsLong() == 0) {
        throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"")
            .withHelp("written interval=time");
      }
      interval = millis.getAsLong();
    }
    FileSpec.Reader reader = (name, text) -> upstreams.readServers(name, text, scope);
    return new Wanted(d, new FileSpec(file, interval, reader), file);
  }

  private Optional<FollowedList.Lines> beginning(Scope scope) {
    Wanted wanted = scope.get(WANTED);
    Directive block = scope.directive();
    if (wanted == null || block == null) {
      return Optional.empty();
    }
    plan.follow(block.argument(0), wanted.spec, () -> core.errorLog(scope), (_, _) -> {});
    Path file = wanted.file;
    return file == null ? Optional.empty() : lines(wanted, file, scope);
  }

  /// What is wrong with the file is no reason not to start: the group may remember what it had.
  private Optional<FollowedList.Lines> lines(Wanted wanted, Path file, Scope scope) {
    try {
      String text = Files.readString(file, ISO_8859_1);
      boolean some = !upstreams.readServers(file.toString(), text, scope).isEmpty();
      return some ? Optional.of(new FollowedList.Lines(file.toString(), text)) : Optional.empty();
    } catch (IOException e) {
      scope.warn(wanted.directive, "open() \"" + file + "\" failed (" + Errno.describe(e) + ")");
    } catch (ConfigException e) {
      scope.warn(wanted.directive, e.located());
    }
    return Optional.empty();
  }
}

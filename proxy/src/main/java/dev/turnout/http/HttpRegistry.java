package dev.turnout.http;

import dev.turnout.config.ConfigException;
import dev.turnout.config.ConfigLoader;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.DirectiveDefinition;
import dev.turnout.config.DirectiveRegistry;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Where the modules of the HTTP plane announce what they have, for one load of a configuration.
public final class HttpRegistry {
  /// What makes the content handler of a location, once all of it is read; set by `proxy_pass` and
  /// its kind, not inherited.
  public static final Setting<@Nullable ContentFactory> CONTENT =
      Setting.local("content handler", null);

  /// Makes a content handler from what a location has been told.
  @FunctionalInterface
  public interface ContentFactory {
    /// Makes it.
    ContentHandler make(Scope location);
  }

  /// Makes a handler for a location, or null where there is nothing to do.
  ///
  /// @param <H> the kind of handler
  @FunctionalInterface
  public interface Factory<H> {
    /// Makes it.
    @Nullable H make(Scope location);
  }

  /// Something that takes effect when the configuration does.
  public interface Pending {
    /// The configuration takes effect.
    void activate();

    /// The configuration is given up before it took effect.
    void abandon();

    /// The configuration was replaced and its last request is over.
    default void retire() {}
  }

  private final DirectiveRegistry directives;
  private final HttpEnvironment environment;
  private final Upstreams.Plan upstreams;
  private final SharedZones.Plan sharedZones;
  private final SyncedZones.Plan syncedZones;
  private final UpstreamZones.Plan upstreamZones;
  private final Map<String, Variable> variables = new HashMap<>();
  private final Map<String, Function<String, Variable>> prefixes = new HashMap<>();
  private final Map<String, Variables.Setter> setters = new HashMap<>();
  private final Variables compiled;
  private final List<Function<Scope, ?>> kept = new ArrayList<>();
  private final Map<Phase, List<Factory<PhaseHandler>>> phases = new EnumMap<>(Phase.class);
  private final List<Factory<ResponseFilter>> filters = new ArrayList<>();
  private final List<Factory<LogHandler>> logs = new ArrayList<>();
  private final List<Runnable> beforeBuild = new ArrayList<>();
  private final List<Pending> pending = new ArrayList<>();
  private StickyValues.Compiler sticky = (_, _) -> StickyValues.NONE;
  private final Map<String, PeerChooser> choosers = new HashMap<>();
  private @Nullable Predicate<SocketAddress> debugged;
  private final Map<Scope, Location> conditionals = new HashMap<>();
  private final Map<Scope, Place> places = new HashMap<>();
  private final List<Consumer<Generation>> afterBuild = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private int exchangeSlots;
  private boolean changesState;
  private ContentFactory fallback = _ -> exchange -> exchange.finish(404);

  /// @param directives where directives are announced
  public HttpRegistry(DirectiveRegistry directives, HttpEnvironment environment) {
    this.directives = directives;
    this.environment = environment;
    this.upstreams = environment.upstreams().plan();
    this.sharedZones = environment.sharedZones().plan();
    pending.add(sharedZones);
    this.syncedZones = environment.syncedZones().plan();
    pending.add(syncedZones);
    this.upstreamZones = environment.upstreamZones().plan();
    pending.add(upstreamZones);
    beforeBuild.add(upstreamZones::complete);
    this.compiled = new Variables(variables, prefixes, setters);
    for (Phase phase : Phase.values()) {
      phases.put(phase, new ArrayList<>());
    }
  }

  /// Begins the description of a directive.
  public DirectiveDefinition directive(String name) {
    return directives.directive(name);
  }

  /// Names a directive that is known and not had.
  public void refuse(String name, String reason) {
    directives.refuse(name, reason);
  }

  /// Announces `$name`.
  public void variable(String name, Variable variable) {
    if (variables.put(name, variable) != null) {
      throw new IllegalStateException("variable $" + name + " is announced twice");
    }
  }

  /// Announces `$name` together with how `set` changes it.
  public void variable(String name, Variable variable, Variables.Setter setter) {
    variable(name, variable);
    setters.put(name, setter);
  }

  /// Announces all variables whose names begin with `prefix`.
  public void variables(String prefix, Function<String, Variable> family) {
    prefixes.put(prefix, family);
  }

  /// The variables of this configuration.
  public Variables variables() {
    return compiled;
  }

  /// Keeps in each location what `reader` makes of it.
  public <T> Slot<T> keep(Function<Scope, T> reader) {
    kept.add(reader);
    return new Slot<>(kept.size() - 1);
  }

  /// A place in every exchange.
  public <T> ExchangeSlot<T> exchangeSlot() {
    return new ExchangeSlot<>(exchangeSlots++);
  }

  /// Adds a handler to a phase, after those that are there.
  public void phase(Phase phase, Factory<PhaseHandler> factory) {
    list(phase).add(factory);
  }

  /// Adds a response filter, after those that are there.
  public void filter(Factory<ResponseFilter> factory) {
    filters.add(factory);
  }

  /// Adds a handler to the log phase.
  public void log(Factory<LogHandler> factory) {
    logs.add(factory);
  }

  /// What answers where no directive says so.
  public void fallback(ContentFactory factory) {
    fallback = factory;
  }

  /// Runs when everything is read and before locations are built.
  public void beforeBuild(Runnable step) {
    beforeBuild.add(step);
  }

  /// Runs when all of a configuration is built and may still be given up.
  public void afterBuild(Consumer<Generation> step) {
    afterBuild.add(step);
  }

  void built(Generation generation) {
    afterBuild.forEach(step -> step.accept(generation));
  }

  /// Notes that the configuration has something that can change the state of the node.
  public void changesState(boolean changes) {
    changesState |= changes;
  }

  /// True if the configuration has something that can change the state of the node.
  public boolean changesState() {
    return changesState;
  }

  /// Notes something that works and that the operator should know.
  public void warn(String message) {
    warnings.add(message);
  }

  /// What modules have noted while the configuration was built.
  public List<String> warnings() {
    return warnings;
  }

  /// Something that takes effect, or is given up, with the configuration.
  public void pending(Pending effect) {
    pending.add(effect);
  }

  /// Reads a text as the inside of a block, by the readers of this configuration.
  ///
  /// @param name how the text is called in errors
  /// @param allowed the directives that it may have; others are only for the configuration
  /// @throws ConfigException with the first error
  public void readInside(Scope block, String name, String text, Set<String> allowed) {
    ConfigLoader.loadInside(block, name, text, directives, allowed);
  }

  /// Says what reads and writes what a `sticky` speaks of.
  public void sticky(StickyValues.Compiler compiler) {
    sticky = compiler;
  }

  /// Notes what chooses the servers of an upstream in place of its method.
  public void chooser(String upstream, PeerChooser chooser) {
    choosers.put(upstream.toLowerCase(Locale.ROOT), chooser);
  }

  /// Of requests by these clients the error log tells everything.
  public void debugConnections(Predicate<SocketAddress> clients) {
    debugged = clients;
  }

  @Nullable Predicate<SocketAddress> debugged() {
    return debugged;
  }

  Map<String, PeerChooser> choosers() {
    return choosers;
  }

  StickyValues.Compiler sticky() {
    return sticky;
  }

  /// The process.
  public HttpEnvironment environment() {
    return environment;
  }

  /// The upstreams of this configuration.
  public Upstreams.Plan upstreams() {
    return upstreams;
  }

  /// The zones of this configuration that hold what limits count.
  public SharedZones.Plan sharedZones() {
    return sharedZones;
  }

  /// What this configuration says of zones that nodes tell each other of.
  public SyncedZones.Plan syncedZones() {
    return syncedZones;
  }

  /// Compiles argument `i` of a directive.
  public Template template(Directive directive, int i) {
    return template(directive, i, directive.argument(i));
  }

  /// Compiles a text that stands in argument `i` of a directive.
  public Template template(Directive directive, int i, String text) {
    try {
      return Template.compile(text, compiled);
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(directive, i, String.valueOf(e.getMessage()));
    }
  }

  /// Compiles a regular expression that stands in argument `i` of a directive.
  public static Regex regex(Directive directive, int i, String source, boolean ignoreCase) {
    try {
      return Regex.compile(source, ignoreCase);
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(directive, i, String.valueOf(e.getMessage()));
    }
  }

  private List<Factory<PhaseHandler>> list(Phase phase) {
    return phases.computeIfAbsent(phase, _ -> new ArrayList<>());
  }

  List<Runnable> beforeBuild() {
    return beforeBuild;
  }

  /// What takes effect, or is given up, with the configuration.
  public List<Pending> pending() {
    return pending;
  }

  /// The zones of this configuration's upstreams.
  public UpstreamZones.Plan upstreamZones() {
    return upstreamZones;
  }

  int exchangeSlotCount() {
    return exchangeSlots;
  }

  /// Builds the location of a scope.
  Location location(
      String name,
      Scope scope,
      CoreSettings core,
      boolean internal,
      @Nullable LocationTree nested,
      Location.@Nullable Except except) {
    Object[] values = new Object[kept.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = kept.get(i).apply(scope);
    }
    Map<Phase, PhaseHandler[]> handlers = new EnumMap<>(Phase.class);
    for (Phase phase : Phase.values()) {
      handlers.put(phase, made(list(phase), scope).toArray(new PhaseHandler[0]));
    }
    ContentFactory content = content(scope);
    return new Location(
        name,
        values,
        handlers,
        (content == null ? fallback : content).make(scope),
        made(filters, scope).toArray(new ResponseFilter[0]),
        made(logs, scope).toArray(new LogHandler[0]),
        core,
        SubrequestModule.settings(scope),
        internal,
        nested,
        except);
  }

  /// What answers in a block; an `if` or `limit_except` in a location has that of the location.
  private static @Nullable ContentFactory content(Scope scope) {
    ContentFactory content = scope.get(CONTENT);
    Scope parent = scope.parent();
    boolean isPart =
        scope.context() == Context.LOCATION_IF || scope.context() == Context.LIMIT_EXCEPT;
    return content == null && isPart && parent != null ? content(parent) : content;
  }

  /// What a `location` has become, and the server it is in.
  public record Place(VirtualServer server, Location location) {}

  /// What the `location` of a scope has become; there once all is built.
  public Place place(Scope scope) {
    Place place = places.get(scope);
    if (place == null) {
      throw new IllegalStateException(scope + " is not built");
    }
    return place;
  }

  void place(Scope scope, Place place) {
    places.put(scope, place);
  }

  /// The location that an `if` inside a location has become; built before the one around it.
  public Location conditional(Scope scope) {
    Location location = conditionals.get(scope);
    if (location == null) {
      throw new IllegalStateException(scope + " is not built");
    }
    return location;
  }

  void conditional(Scope scope, Location location) {
    conditionals.put(scope, location);
  }

  private static <H> List<H> made(List<Factory<H>> factories, Scope scope) {
    List<H> made = new ArrayList<>(factories.size());
    for (Factory<H> factory : factories) {
      H handler = factory.make(scope);
      if (handler != null) {
        made.add(handler);
      }
    }
    return made;
  }
}

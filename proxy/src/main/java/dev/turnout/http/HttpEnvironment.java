package dev.turnout.http;

import dev.turnout.cluster.ZoneRegistry;
import dev.turnout.log.LogFiles;
import dev.turnout.net.Workers;
import dev.turnout.net.resolve.ResolverStats;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What the process has that outlives a configuration, as modules need it. The loops are there once
/// the first configuration has been read, which says how many they are.
public final class HttpEnvironment {
  private final LogFiles logs;
  private final ZoneRegistry zones;
  private final Upstreams upstreams = new Upstreams();
  private final UpstreamZones upstreamZones = new UpstreamZones();
  private final SharedZones sharedZones = new SharedZones();
  private final SyncedZones syncedZones = new SyncedZones();
  private final ConnectionCounters connections = new ConnectionCounters();
  private final Map<Class<?>, Object> kept = new HashMap<>();
  private final StatusZones statusZones = new StatusZones();
  private final Map<String, ResolverStats> resolverStats = new ConcurrentHashMap<>();
  private @Nullable Workers workers;
  private volatile @Nullable Generation serving;
  private @Nullable Path stateDirectory;
  private boolean testsOnly;

  public HttpEnvironment(LogFiles logs, ZoneRegistry zones) {
    this.logs = logs;
    this.zones = zones;
  }

  /// The open log files.
  public LogFiles logs() {
    return logs;
  }

  /// The key-value zones.
  public ZoneRegistry zones() {
    return zones;
  }

  /// What the zones of limits hold.
  public SharedZones sharedZones() {
    return sharedZones;
  }

  /// The zones of limits that nodes tell each other of.
  public SyncedZones syncedZones() {
    return syncedZones;
  }

  /// The zones of `status_zone`.
  public StatusZones statusZones() {
    return statusZones;
  }

  /// The configuration that serves.
  public Generation serving() {
    Generation there = serving;
    if (there == null) {
      throw new IllegalStateException("no configuration serves yet");
    }
    return there;
  }

  /// From now on this configuration serves.
  public void serving(Generation generation) {
    serving = generation;
  }

  /// True if what might be served in spite of an error is to be refused: when a configuration is
  /// only tested, or would replace one that serves.
  public boolean isStrict() {
    return testsOnly || serving != null;
  }

  /// Configurations are tested, not served.
  public void testsOnly() {
    testsOnly = true;
  }

  /// The upstreams.
  public Upstreams upstreams() {
    return upstreams;
  }

  /// The zones of the upstreams.
  public UpstreamZones upstreamZones() {
    return upstreamZones;
  }

  /// What the resolvers with this `status_zone` count.
  public ResolverStats resolverStats(String zone) {
    return resolverStats.computeIfAbsent(zone, _ -> new ResolverStats());
  }

  /// The names of all zones that resolvers have counted in.
  public Set<String> resolverZones() {
    return Set.copyOf(resolverStats.keySet());
  }

  /// The counters of `stub_status`.
  public ConnectionCounters connections() {
    return connections;
  }

  /// What a module has of its own that outlives configurations: made when it is first asked for.
  /// Used by the thread that reads configurations.
  public <T> T kept(Class<T> type, Function<HttpEnvironment, T> make) {
    return type.cast(kept.computeIfAbsent(type, _ -> make.apply(this)));
  }

  /// The process ends: what modules have kept is closed, where it can be.
  public void close() {
    for (Object each : kept.values()) {
      if (each instanceof AutoCloseable resource) {
        try {
          resource.close();
        } catch (Exception e) {
          throw new IllegalStateException("closing " + each, e);
        }
      }
    }
    kept.clear();
  }

  /// Where the journal of changes is; null: nowhere.
  public @Nullable Path stateDirectory() {
    return stateDirectory;
  }

  /// The journal of changes is in this directory.
  public void stateDirectory(Path directory) {
    stateDirectory = directory;
  }

  /// The event loops.
  public Workers workers() {
    Workers there = workers;
    if (there == null) {
      throw new IllegalStateException("the event loops are made once a configuration is read");
    }
    return there;
  }

  /// The event loops have been made.
  public void workers(Workers workers) {
    this.workers = workers;
  }
}

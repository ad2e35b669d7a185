package dev.turnout.control;

import dev.turnout.cluster.KeyvalZone;
import dev.turnout.http.ConnectionCounters;
import dev.turnout.http.Generation;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.http.LimitOutcome;
import dev.turnout.http.LimitTable;
import dev.turnout.http.Product;
import dev.turnout.http.SharedTable;
import dev.turnout.http.SharedZones;
import dev.turnout.http.UpstreamZones;
import dev.turnout.metrics.Latencies;
import dev.turnout.metrics.Responses;
import dev.turnout.metrics.Tally;
import dev.turnout.metrics.Traffic;
import dev.turnout.metrics.TrafficZone;
import dev.turnout.upstream.ActiveHealth;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.PeerState;
import dev.turnout.upstream.PeerStats;
import dev.turnout.upstream.PeerTotals;
import dev.turnout.upstream.ProbeResult;
import dev.turnout.upstream.Upstream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/// What the node has counted, for whoever shows it to operators. Each method takes a snapshot of
/// its own; maps are in the order of their keys. May be asked by any thread; asked on an event loop
/// it costs the loop what adding up costs, so ask for much elsewhere.
///
/// What `forget…` is told counts from then on; the loops that write never notice.
public final class NodeStatus {
  private static final long PAGE = 4096;

  /// What a server or a group is charged with against its zone: about what it takes in nginx's.
  private static final long SERVER_CHARGE = 512;

  private final HttpEnvironment environment;

  public NodeStatus(HttpEnvironment environment) {
    this.environment = environment;
  }

  // ---- the process

  /// The process and the configuration that it serves.
  ///
  /// @param version the version of nginx that clients are told
  /// @param build our own name and version
  /// @param generation 1 for the configuration that the process started with
  /// @param loaded when the configuration was read
  /// @param pid the number of the process, which is that of all workers, too
  /// @param parentPid the number of the process that started it, or 0
  /// @param respawned workers that died and were replaced: they are threads, and do not
  public record NodeProcess(
      String version,
      String build,
      int generation,
      Instant loaded,
      long pid,
      long parentPid,
      long respawned) {}

  /// The process and the configuration that it serves.
  public NodeProcess process() {
    Generation generation = environment.serving();
    ProcessHandle self = ProcessHandle.current();
    return new NodeProcess(
        Product.NGINX_VERSION,
        "turnout/" + Product.VERSION,
        generation.number(),
        Instant.ofEpochMilli(generation.loadedAtMillis()),
        self.pid(),
        self.parent().map(ProcessHandle::pid).orElse(0L),
        0);
  }

  // ---- connections and requests

  /// Client connections.
  ///
  /// @param accepted those that were accepted
  /// @param dropped those of them that were not served, for there were too many
  /// @param active those that carry a request now
  /// @param idle those that wait for one
  public record Connections(long accepted, long dropped, long active, long idle) {}

  /// Client requests.
  ///
  /// @param total those that have come
  /// @param current those that are under way
  public record Requests(long total, long current) {}

  /// One event loop.
  ///
  /// @param id 0 for the first
  public record Worker(int id, Connections connections, Requests requests) {}

  /// The connections of all loops.
  public Connections connections() {
    List<Worker> loops = loops();
    return new Connections(
        loops.stream().mapToLong(worker -> worker.connections().accepted()).sum(),
        loops.stream().mapToLong(worker -> worker.connections().dropped()).sum(),
        loops.stream().mapToLong(worker -> worker.connections().active()).sum(),
        loops.stream().mapToLong(worker -> worker.connections().idle()).sum());
  }

  /// The requests of all loops.
  public Requests requests() {
    List<Worker> loops = loops();
    return new Requests(
        loops.stream().mapToLong(worker -> worker.requests().total()).sum(),
        loops.stream().mapToLong(worker -> worker.requests().current()).sum());
  }

  /// Each loop that serves requests, by id: not the one for operators.
  public List<Worker> workers() {
    return loops().subList(0, environment.workers().serving().size());
  }

  private List<Worker> loops() {
    List<Worker> loops = new ArrayList<>();
    for (ConnectionCounters.Loop loop : environment.connections().loops()) {
      ConnectionCounters.Figures now = loop.figures();
      loops.add(
          new Worker(
              loops.size(),
              new Connections(now.accepted(), now.dropped(), now.active(), now.idle()),
              new Requests(now.requests(), now.current())));
    }
    return loops;
  }

  /// What `stub_status` shows: since the start, whatever is told to forget.
  ///
  /// @param active open connections, idle ones included
  public record Stub(
      long active,
      long accepted,
      long handled,
      long requests,
      long reading,
      long writing,
      long waiting) {}

  /// What `stub_status` shows.
  public Stub stub() {
    ConnectionCounters counters = environment.connections();
    long accepted = counters.acceptedTotal();
    return new Stub(
        counters.activeNow(),
        accepted,
        accepted - counters.droppedTotal(),
        counters.requestsTotal(),
        counters.readingNow(),
        counters.writingNow(),
        counters.waitingNow());
  }

  public void forgetConnections() {
    environment.connections().loops().forEach(ConnectionCounters.Loop::forgetConnections);
  }

  public void forgetRequests() {
    environment.connections().loops().forEach(ConnectionCounters.Loop::forgetRequests);
  }

  /// Returns false if there is no such loop.
  public boolean forgetWorker(int id) {
    List<ConnectionCounters.Loop> loops = environment.connections().loops();
    if (id < 0 || id >= loops.size()) {
      return false;
    }
    loops.get(id).forgetConnections();
    loops.get(id).forgetRequests();
    return true;
  }

  // ---- status zones

  /// The `status_zone`s of servers, by name.
  public SortedMap<String, Traffic> serverZones() {
    return traffic(environment.statusZones().servers());
  }

  /// The `status_zone`s of locations, by name.
  public SortedMap<String, Traffic> locationZones() {
    return traffic(environment.statusZones().locations());
  }

  public Optional<Traffic> serverZone(String name) {
    return Optional.ofNullable(environment.statusZones().server(name)).map(TrafficZone::traffic);
  }

  public Optional<Traffic> locationZone(String name) {
    return Optional.ofNullable(environment.statusZones().location(name)).map(TrafficZone::traffic);
  }

  private static SortedMap<String, Traffic> traffic(Collection<TrafficZone> zones) {
    SortedMap<String, Traffic> byName = new TreeMap<>();
    zones.forEach(zone -> byName.put(zone.name(), zone.traffic()));
    return Collections.unmodifiableSortedMap(byName);
  }

  /// Returns false if there is no such zone.
  public boolean forgetServerZone(String name) {
    return forget(Optional.ofNullable(environment.statusZones().server(name)));
  }

  /// Returns false if there is no such zone.
  public boolean forgetLocationZone(String name) {
    return forget(Optional.ofNullable(environment.statusZones().location(name)));
  }

  private static boolean forget(Optional<TrafficZone> zone) {
    zone.ifPresent(TrafficZone::forget);
    return zone.isPresent();
  }

  // ---- limits

  /// What became of the requests at a zone of `limit_req`. A request that several zones were asked
  /// about is delayed by the one that it waits for, and passed by the others.
  public record RequestLimit(
      long passed, long delayed, long rejected, long delayedDryRun, long rejectedDryRun) {}

  /// What became of the requests at a zone of `limit_conn`.
  public record ConnectionLimit(long passed, long rejected, long rejectedDryRun) {}

  /// The zones of `limit_req`, by name.
  public SortedMap<String, RequestLimit> requestLimits() {
    SortedMap<String, RequestLimit> byName = new TreeMap<>();
    limits("limit_req_zone")
        .forEach((name, outcomes) -> {
          Map<LimitOutcome, Long> counts = outcomes.counts();
          byName.put(
              name,
              new RequestLimit(
                  count(counts, LimitOutcome.PASSED),
                  count(counts, LimitOutcome.DELAYED),
                  count(counts, LimitOutcome.REJECTED),
                  count(counts, LimitOutcome.DELAYED_DRY_RUN),
                  count(counts, LimitOutcome.REJECTED_DRY_RUN)));
        });
    return Collections.unmodifiableSortedMap(byName);
  }

  /// The zones of `limit_conn`, by name.
  public SortedMap<String, ConnectionLimit> connectionLimits() {
    SortedMap<String, ConnectionLimit> byName = new TreeMap<>();
    limits("limit_conn_zone")
        .forEach((name, outcomes) -> {
          Map<LimitOutcome, Long> counts = outcomes.counts();
          byName.put(
              name,
              new ConnectionLimit(
                  count(counts, LimitOutcome.PASSED),
                  count(counts, LimitOutcome.REJECTED),
                  count(counts, LimitOutcome.REJECTED_DRY_RUN)));
        });
    return Collections.unmodifiableSortedMap(byName);
  }

  private static long count(Map<LimitOutcome, Long> counts, LimitOutcome outcome) {
    return counts.getOrDefault(outcome, 0L);
  }

  private Map<String, Tally<LimitOutcome>> limits(String use) {
    Map<String, Tally<LimitOutcome>> found = new TreeMap<>();
    environment
        .sharedZones()
        .current()
        .forEach((name, zone) -> {
          if (zone.use().equals(use) && zone.content() instanceof LimitTable table) {
            found.put(name, table.outcomes());
          }
        });
    return found;
  }

  /// Returns false if there is no such zone of `limit_req`.
  public boolean forgetRequestLimit(String name) {
    return forgetLimit("limit_req_zone", name);
  }

  /// Returns false if there is no such zone of `limit_conn`.
  public boolean forgetConnectionLimit(String name) {
    return forgetLimit("limit_conn_zone", name);
  }

  private boolean forgetLimit(String use, String name) {
    Tally<LimitOutcome> outcomes = limits(use).get(name);
    if (outcomes == null) {
      return false;
    }
    outcomes.forget();
    return true;
  }

  // ---- zones

  /// The memory of a zone, as it is charged against its size. There is no slab allocator behind it,
  /// so there are pages and no slots.
  ///
  /// @param use the directive that declares it
  /// @param bytes its size
  /// @param usedBytes what its entries are charged with
  /// @param entries how many there are
  public record ZoneMemory(String use, long bytes, long usedBytes, long entries) {
    /// Pages of four kilobytes that are used, in part at least.
    public long pagesUsed() {
      return Math.min(pages(), (usedBytes + PAGE - 1) / PAGE);
    }

    /// Pages of four kilobytes that are free.
    public long pagesFree() {
      return pages() - pagesUsed();
    }

    private long pages() {
      return bytes / PAGE;
    }

    /// Of the same zone, used by both.
    private ZoneMemory and(ZoneMemory other) {
      return new ZoneMemory(use, bytes, usedBytes + other.usedBytes, entries + other.entries);
    }
  }

  /// The zones whose memory is known: of limits, of keys and values, and of upstreams, by name.
  public SortedMap<String, ZoneMemory> zones() {
    SortedMap<String, ZoneMemory> byName = new TreeMap<>();
    for (KeyvalZone zone : environment.zones().zones()) {
      byName.put(
          zone.name(),
          new ZoneMemory(
              "keyval_zone", zone.capacity(), zone.snapshot().used(), zone.snapshot().size()));
    }
    for (Map.Entry<String, SharedZones.Zone> entry :
        environment.sharedZones().current().entrySet()) {
      SharedZones.Zone zone = entry.getValue();
      if (zone.content() instanceof SharedTable table) {
        byName.put(
            entry.getKey(),
            new ZoneMemory(zone.use(), zone.size(), table.usedBytes(), table.entries()));
      }
    }
    for (Upstream upstream : environment.upstreams().all()) {
      UpstreamZones.Zone zone = environment.upstreamZones().of(upstream.name());
      if (zone != null) {
        int servers = upstream.current().size();
        byName.merge(
            zone.name(),
            new ZoneMemory("zone", zone.size(), (1L + servers) * SERVER_CHARGE, servers),
            ZoneMemory::and);
      }
    }
    return Collections.unmodifiableSortedMap(byName);
  }

  // ---- upstreams

  /// A group of servers.
  ///
  /// @param peers its servers: primaries, then backups
  /// @param idleConnections connections to them that are open and idle
  /// @param zombies servers that have left the group and still have requests
  public record Group(String name, List<Server> peers, long idleConnections, int zombies) {
    public Group {
      peers = List.copyOf(peers);
    }
  }

  /// What active checks have found out about a server.
  ///
  /// @param checks how many there were
  /// @param fails those of them that it failed
  /// @param unhealthy how often it became unhealthy
  /// @param lastPassed whether it passed the last one; empty if there was none
  public record Health(long checks, long fails, long unhealthy, Optional<Boolean> lastPassed) {
    static Health of(ActiveHealth active) {
      ProbeResult last = active.last();
      return new Health(
          active.checks(),
          active.fails(),
          active.unhealthy(),
          last == null ? Optional.empty() : Optional.of(last.passed()));
    }
  }

  /// One server of a group.
  ///
  /// @param spec as it is wanted: id, name as written, weight, `max_conns` and so on
  /// @param state what it is doing
  /// @param active requests that are there now
  /// @param totals what has been counted
  /// @param headerMillis the moving average of the time to the head of a response
  /// @param responseMillis the moving average of the time to the end of a response
  /// @param downSince since when it has been out for its failures
  /// @param selected when it was chosen last
  /// @param health what active checks have found out
  public record Server(
      PeerSpec spec,
      PeerState state,
      int active,
      PeerTotals totals,
      long headerMillis,
      long responseMillis,
      Optional<Instant> downSince,
      Optional<Instant> selected,
      Health health) {
    /// The address, as the API's `server` has it.
    public String address() {
      return spec.address().text();
    }

    public long requests() {
      return totals.requests();
    }

    public Responses responses() {
      return totals.responses();
    }

    public Latencies responseTimes() {
      return totals.responseTimes();
    }
  }

  /// The groups that are declared, by name.
  public SortedMap<String, Group> upstreams() {
    SortedMap<String, Group> byName = new TreeMap<>();
    for (Upstream upstream : environment.upstreams().all()) {
      byName.put(upstream.name(), group(upstream));
    }
    return Collections.unmodifiableSortedMap(byName);
  }

  /// The group of this name.
  public Optional<Group> upstream(String name) {
    return Optional.ofNullable(environment.upstreams().find(name)).map(NodeStatus::group);
  }

  /// A group as it is now.
  public static Group group(Upstream upstream) {
    List<Server> servers = upstream.current().peers().stream().map(NodeStatus::server).toList();
    return new Group(
        upstream.name(), servers, upstream.idleConnections(), upstream.zombies().size());
  }

  /// A server as it is now.
  public static Server server(Peer peer) {
    long nanos = System.nanoTime();
    long now = nanos / 1_000_000; // the clock that loops reckon failures by
    long wall = System.currentTimeMillis() - now;
    PeerStats stats = peer.stats();
    return new Server(
        peer.spec(),
        peer.state(now),
        peer.active(),
        stats.totals(now),
        millis(stats.headerNanos()),
        millis(stats.responseNanos()),
        instant(stats.downSinceMillis(now), wall),
        instant(stats.selectedMillis(), wall),
        Health.of(peer.activeHealth()));
  }

  private static long millis(long nanos) {
    return (nanos + 500_000) / 1_000_000;
  }

  private static Optional<Instant> instant(OptionalLong monotonic, long wall) {
    return monotonic.isPresent()
        ? Optional.of(Instant.ofEpochMilli(monotonic.getAsLong() + wall))
        : Optional.empty();
  }

  /// Returns false if there is no such group.
  public boolean forgetUpstream(String name) {
    Upstream upstream = environment.upstreams().find(name);
    if (upstream == null) {
      return false;
    }
    long now = System.nanoTime() / 1_000_000;
    upstream.current().peers().forEach(peer -> peer.stats().forget(now));
    return true;
  }
}

package dev.turnout.admin.prometheus;

import dev.turnout.admin.prometheus.Exposition.Family;
import dev.turnout.control.ChangeCounters;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.NodeStatus;
import dev.turnout.control.Sharing;
import dev.turnout.control.StoreStatus;
import dev.turnout.control.ZoneSync;
import dev.turnout.discovery.FollowerStatus;
import dev.turnout.discovery.Followers;
import dev.turnout.metrics.Latencies;
import dev.turnout.metrics.Responses;
import dev.turnout.metrics.Traffic;
import dev.turnout.scale.ScaleView;
import dev.turnout.scale.Scalers;
import dev.turnout.upstream.PeerState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// What the node tells Prometheus, in the words that dashboards know: `nginx_…` as the exporter has
/// it for nginx, `nginxplus_…` as it has it for NGINX Plus, and `turnout_…` for what neither has.
/// Each part is one snapshot, told in the same order every time.
final class NodeMetrics {
  private final NodeStatus status;
  private final Exposition to;

  private NodeMetrics(NodeStatus status, Exposition to) {
    this.status = status;
    this.to = to;
  }

  /// Tells everything.
  static void tell(
      NodeStatus status,
      ChangeWriter writer,
      Scalers scalers,
      Followers followers,
      ZoneSync sync,
      Exposition to) {
    NodeMetrics metrics = new NodeMetrics(status, to);
    metrics.stub();
    metrics.connections();
    metrics.workers();
    metrics.traffic("server_zone", status.serverZones(), true);
    metrics.traffic("location_zone", status.locationZones(), false);
    metrics.limits();
    metrics.upstreams();
    metrics.process();
    metrics.zones();
    metrics.changes(writer);
    metrics.store(writer);
    metrics.sync(sync.status());
    metrics.sources(followers.statuses());
    metrics.autoscale(scalers.all());
  }

  private void autoscale(List<ScaleView> all) {
    if (all.isEmpty()) {
      return;
    }
    scaled(all, "turnout_autoscale_target", "Servers that are wanted", now -> now.target());
    scaled(all, "turnout_autoscale_on", "Servers that carry requests", now -> now.on());
    scaled(all, "turnout_autoscale_starting", "Servers that start", now -> now.starting());
    scaled(all, "turnout_autoscale_draining", "Servers that drain", now -> now.draining());
    scaled(all, "turnout_autoscale_failing", "Servers that are on and fail", now -> now.failing());
    scaled(
        all,
        "turnout_autoscale_in_system",
        "Requests at servers or waiting",
        now -> now.inSystem());
    scaled(
        all,
        "turnout_autoscale_capacity_per_server",
        "Requests that a server carries at once",
        now -> now.packing());
    Family starts = to.counter("turnout_autoscale_starts_total", "Servers that were started");
    all.forEach(one -> starts.sample(one.totals().starts(), of(one)));
    Family stops = to.counter("turnout_autoscale_stops_total", "Servers that were drained");
    all.forEach(one -> stops.sample(one.totals().stops(), of(one)));
    Family hooks =
        to.counter("turnout_autoscale_hook_failures_total", "Servers not started or not stopped");
    all.forEach(one -> hooks.sample(one.totals().hookFailures(), of(one)));
  }

  private void scaled(
      List<ScaleView> all, String name, String help, ToDoubleFunction<ScaleView.Now> value) {
    Family family = to.gauge(name, help);
    for (ScaleView one : all) {
      ScaleView.Now now = one.now();
      if (now != null) {
        family.sample(value.applyAsDouble(now), of(one));
      }
    }
  }

  private static Labels of(ScaleView view) {
    return Labels.of("upstream", view.upstream());
  }

  // ---- the node as a whole

  private void counter(String name, String help, long value) {
    to.counter(name, help).sample(value, Labels.NONE);
  }

  private void gauge(String name, String help, long value) {
    to.gauge(name, help).sample(value, Labels.NONE);
  }

  private void stub() {
    NodeStatus.Stub now = status.stub();
    gauge("nginx_up", "Whether nginx answers", 1);
    counter("nginx_connections_accepted", "Accepted client connections", now.accepted());
    gauge("nginx_connections_active", "Open client connections, idle ones too", now.active());
    counter("nginx_connections_handled", "Handled client connections", now.handled());
    gauge("nginx_connections_reading", "Connections whose head is being read", now.reading());
    gauge("nginx_connections_waiting", "Idle client connections", now.waiting());
    gauge("nginx_connections_writing", "Connections with a request under way", now.writing());
    counter("nginx_http_requests_total", "Client requests", now.requests());
  }

  private void connections() {
    NodeStatus.Connections open = status.connections();
    NodeStatus.Requests requests = status.requests();
    gauge("nginxplus_up", "Whether nginx answers", 1);
    counter("nginxplus_connections_accepted", "Accepted client connections", open.accepted());
    gauge("nginxplus_connections_active", "Client connections with a request", open.active());
    counter("nginxplus_connections_dropped", "Dropped client connections", open.dropped());
    gauge("nginxplus_connections_idle", "Idle client connections", open.idle());
    gauge("nginxplus_http_requests_current", "Requests under way", requests.current());
    counter("nginxplus_http_requests_total", "Client requests", requests.total());
  }

  private void process() {
    NodeStatus.NodeProcess process = status.process();
    to.gauge("turnout_build_info", "1; which Turnout this is")
        .sample(1, Labels.of("build", process.build()).and("nginx_version", process.version()));
    gauge("turnout_generation", "Number of the configuration that serves", process.generation());
    to.gauge("turnout_generation_loaded_timestamp_seconds", "When that configuration was read")
        .sample(seconds(process.loaded()), Labels.NONE);
  }

  private void changes(ChangeWriter writer) {
    ChangeCounters.Figures now = writer.counters().figures();
    gauge("turnout_revision", "Number of the last change", writer.history().revision());
    Family changes = to.counter("turnout_changes_total", "Changes by what became of them");
    changes.sample(now.applied(), Labels.of("result", "applied"));
    changes.sample(now.refused(), Labels.of("result", "refused"));
    changes.sample(now.failed(), Labels.of("result", "failed"));
    changes.sample(now.unavailable(), Labels.of("result", "unavailable"));
    to.histogram(
            "turnout_change_propagation_seconds",
            "From asking for a change until it was durable and every event loop acted on it")
        .sample(now.propagation(), Labels.NONE);
  }

  private static double seconds(Instant instant) {
    return instant.toEpochMilli() / 1e3;
  }

  // ---- tables: the same metrics of many things

  /// Things of one kind, each with its labels.
  private final class Table<T> {
    private final String prefix;
    private final List<Row<T>> rows = new ArrayList<>();

    private record Row<T>(Labels labels, T thing) {}

    Table(String prefix) {
      this.prefix = prefix;
    }

    void row(Labels labels, T thing) {
      rows.add(new Row<>(labels, thing));
    }

    void counter(String name, String help, ToLongFunction<T> value) {
      Family family = to.counter(prefix + name, help);
      rows.forEach(row -> family.sample(value.applyAsLong(row.thing()), row.labels()));
    }

    void gauge(String name, String help, ToLongFunction<T> value) {
      Family family = to.gauge(prefix + name, help);
      rows.forEach(row -> family.sample(value.applyAsLong(row.thing()), row.labels()));
    }

    void seconds(String name, String help, ToDoubleFunction<T> value) {
      Family family = to.counter(prefix + name, help);
      rows.forEach(row -> family.sample(value.applyAsDouble(row.thing()), row.labels()));
    }

    void histogram(String name, String help, Function<T, Latencies> value) {
      Family family = to.histogram(prefix + name, help);
      rows.forEach(row -> family.sample(value.apply(row.thing()), row.labels()));
    }

    void responses(String help, Function<T, Responses> value) {
      Family classes = to.counter(prefix + "responses", help + ", by class");
      for (Row<T> row : rows) {
        Responses responses = value.apply(row.thing());
        for (int digit = 1; digit <= 5; digit++) {
          classes.sample(responses.ofClass(digit), row.labels().and("code", digit + "xx"));
        }
      }
      Family codes = to.counter(prefix + "responses_codes", help + ", by status");
      for (Row<T> row : rows) {
        value
            .apply(row.thing())
            .codes()
            .forEach((code, count) -> codes.sample(count, row.labels().and("code", code + "")));
      }
    }
  }

  private <T> Table<T> table(String prefix, String label, SortedMap<String, T> things) {
    Table<T> table = new Table<>(prefix);
    things.forEach((name, thing) -> table.row(Labels.of(label, name), thing));
    return table;
  }

  private void workers() {
    Table<NodeStatus.Worker> workers = new Table<>("nginxplus_worker_");
    String pid = Long.toString(ProcessHandle.current().pid());
    for (NodeStatus.Worker worker : status.workers()) {
      workers.row(Labels.of("id", Integer.toString(worker.id())).and("pid", pid), worker);
    }
    workers.counter("connection_accepted", "Accepted connections", w -> w.connections().accepted());
    workers.gauge("connection_active", "Busy connections", w -> w.connections().active());
    workers.counter("connection_dropped", "Dropped connections", w -> w.connections().dropped());
    workers.gauge("connection_idle", "Idle connections", w -> w.connections().idle());
    workers.gauge("http_requests_current", "Requests under way", w -> w.requests().current());
    workers.counter("http_requests_total", "Client requests", w -> w.requests().total());
  }

  private void traffic(String kind, SortedMap<String, Traffic> traffic, boolean ofServers) {
    Table<Traffic> zones = table("nginxplus_" + kind + "_", kind, traffic);
    zones.counter("discarded", "Requests that ended without a response", Traffic::discarded);
    if (ofServers) {
      zones.gauge("processing", "Requests under way", Traffic::processing);
    }
    zones.counter("received", "Bytes received from clients", Traffic::received);
    zones.counter("requests", "Client requests", Traffic::requests);
    zones.responses("Responses to clients", Traffic::responses);
    zones.counter("sent", "Bytes sent to clients", Traffic::sent);
    table("turnout_" + kind + "_", kind, traffic)
        .histogram(
            "request_duration_seconds",
            "From the first byte of a request to the last of its response",
            Traffic::durations);
  }

  private void limits() {
    Table<NodeStatus.RequestLimit> requests =
        table("nginxplus_limit_request_", "zone", status.requestLimits());
    requests.counter("delayed", "Requests delayed", NodeStatus.RequestLimit::delayed);
    requests.counter(
        "delayed_dry_run", "Requests counted as delayed", NodeStatus.RequestLimit::delayedDryRun);
    requests.counter("passed", "Requests not limited", NodeStatus.RequestLimit::passed);
    requests.counter("rejected", "Requests rejected", NodeStatus.RequestLimit::rejected);
    requests.counter(
        "rejected_dry_run",
        "Requests counted as rejected",
        NodeStatus.RequestLimit::rejectedDryRun);
    Table<NodeStatus.ConnectionLimit> connections =
        table("nginxplus_limit_connection_", "zone", status.connectionLimits());
    connections.counter("passed", "Requests not limited", NodeStatus.ConnectionLimit::passed);
    connections.counter("rejected", "Requests rejected", NodeStatus.ConnectionLimit::rejected);
    connections.counter(
        "rejected_dry_run",
        "Requests counted as rejected",
        NodeStatus.ConnectionLimit::rejectedDryRun);
  }

  private void upstreams() {
    SortedMap<String, NodeStatus.Group> groups = status.upstreams();
    Table<NodeStatus.Group> table = table("nginxplus_upstream_", "upstream", groups);
    table.gauge("keepalive", "Idle connections", NodeStatus.Group::idleConnections);
    table.gauge("zombies", "Servers that left and still have requests", NodeStatus.Group::zombies);
    Table<NodeStatus.Server> servers = new Table<>("nginxplus_upstream_server_");
    Table<NodeStatus.Server> own = new Table<>("turnout_upstream_server_");
    for (NodeStatus.Group group : groups.values()) {
      Set<String> addresses = new HashSet<>();
      for (NodeStatus.Server server : group.peers()) {
        Labels labels = Labels.of("upstream", group.name()).and("server", name(server, addresses));
        servers.row(labels, server);
        own.row(labels, server);
      }
    }
    servers(servers);
    own.histogram(
        "response_duration_seconds",
        "From the beginning of an attempt to the last byte of the response",
        NodeStatus.Server::responseTimes);
    own.seconds(
        "unavailable_seconds_total",
        "How long the server was out for its failures or checks",
        server -> server.totals().downtimeMillis() / 1e3);
  }

  /// A group may have the same address more than once, a metric the same labels may not.
  private static String name(NodeStatus.Server server, Set<String> addresses) {
    String address = server.address();
    return addresses.add(address) ? address : address + "#" + server.spec().id();
  }

  private static void servers(Table<NodeStatus.Server> servers) {
    servers.gauge("active", "Requests at the server", NodeStatus.Server::active);
    servers.counter("fails", "Failed attempts", server -> server.totals().fails());
    servers.gauge(
        "header_time",
        "Average time to the response's head in milliseconds",
        NodeStatus.Server::headerMillis);
    servers.gauge("limit", "max_conns; 0 is no limit", server -> server.spec().maxConns());
    servers.counter("received", "Bytes from the server", server -> server.totals().received());
    servers.counter("requests", "Requests given to the server", NodeStatus.Server::requests);
    servers.gauge(
        "response_time",
        "Average time to the response's end in milliseconds",
        NodeStatus.Server::responseMillis);
    servers.responses("Responses of the server", NodeStatus.Server::responses);
    servers.counter("sent", "Bytes sent to the server", server -> server.totals().sent());
    servers.gauge(
        "state",
        "1 up, 2 draining, 3 down, 4 unavail, 5 checking, 6 unhealthy",
        server -> number(server.state()));
    servers.counter(
        "unavail", "How often failures took the server out", server -> server.totals().unavail());
  }

  /// The exporter's number for a state.
  private static int number(PeerState state) {
    return switch (state) {
      case UP -> 1;
      case DRAINING -> 2;
      case DOWN -> 3;
      case UNAVAIL -> 4;
      case CHECKING -> 5;
      case UNHEALTHY -> 6;
    };
  }

  private void zones() {
    Table<NodeStatus.ZoneMemory> zones = new Table<>("turnout_zone_");
    for (Map.Entry<String, NodeStatus.ZoneMemory> zone : status.zones().entrySet()) {
      zones.row(
          Labels.of("zone", zone.getKey()).and("use", zone.getValue().use()), zone.getValue());
    }
    zones.gauge("entries", "Entries of the zone", NodeStatus.ZoneMemory::entries);
    zones.gauge("size_bytes", "Size of the zone", NodeStatus.ZoneMemory::bytes);
    zones.gauge("used_bytes", "What its entries take", NodeStatus.ZoneMemory::usedBytes);
  }

  // ---- zones that nodes tell each other of

  private void sync(ZoneSync.@Nullable Status sync) {
    if (sync == null) {
      return;
    }
    gauge("turnout_sync_up", "Whether other nodes are heard", sync.isHeard() ? 1 : 0);
    gauge("turnout_sync_untold", "Entries that others are yet to be told of", sync.untold());
    Family messages = to.counter("turnout_sync_messages_total", "Messages about zones");
    messages.sample(sync.said(), Labels.of("result", "said"));
    messages.sample(sync.heard(), Labels.of("result", "heard"));
    messages.sample(sync.refused(), Labels.of("result", "refused"));
  }

  // ---- the store that nodes share

  private void store(ChangeWriter writer) {
    Sharing sharing = writer.sharing();
    StoreStatus store = sharing == null ? StoreStatus.NONE : sharing.status();
    if (store.link() == StoreStatus.Link.NONE) {
      return;
    }
    StoreStatus.Counts counts = store.counts();
    gauge("turnout_store_up", "Whether the store is heard", store.isHeard() ? 1 : 0);
    gauge("turnout_store_writable", "Whether it takes all", store.isUp() ? 1 : 0);
    to.gauge("turnout_store_staleness_seconds", "For how long the store has not been heard")
        .sample(store.staleMillis(System.currentTimeMillis()) / 1000.0, Labels.NONE);
    gauge("turnout_store_revision", "The store's last known revision", store.revision());
    gauge("turnout_store_applied_revision", "The revision served", store.applied());
    gauge("turnout_store_pending", "Keys that the store is yet to be told", store.pending());
    gauge("turnout_store_rejected", "Keys whose value is not taken", store.rejected().size());
    Family changes = to.counter("turnout_store_changes_total", "Shared changes of this node");
    changes.sample(counts.commits(), Labels.of("result", "made"));
    changes.sample(counts.kept(), Labels.of("result", "kept"));
    changes.sample(counts.refused(), Labels.of("result", "refused"));
    counter("turnout_store_foreign_changes_total", "Changes of others", counts.foreign());
    counter("turnout_store_conflicts_total", "Values given up for others", counts.conflicts());
    counter("turnout_store_losses_total", "How often the store was lost", counts.losses());
  }

  // ---- groups whose servers are found out

  private void sources(List<FollowerStatus> all) {
    if (all.isEmpty()) {
      return;
    }
    Family inStep = to.gauge("turnout_source_in_step", "Whether a group is as its source says");
    all.forEach(one -> inStep.sample(one.state() == FollowerStatus.State.IN_STEP ? 1 : 0, of(one)));
    Family answered =
        to.gauge("turnout_source_answered_timestamp_seconds", "When a source answered last");
    all.forEach(one -> answered.sample(one.answeredMillis() / 1000.0, of(one)));
    Family changes = to.counter("turnout_source_changes_total", "Changes that a source made");
    all.forEach(one -> changes.sample(one.changes(), of(one)));
    Family failures =
        to.counter("turnout_source_failures_total", "How often a source gave nothing of use");
    all.forEach(one -> failures.sample(one.failures(), of(one)));
  }

  private static Labels of(FollowerStatus one) {
    return Labels.of("upstream", one.upstream());
  }
}

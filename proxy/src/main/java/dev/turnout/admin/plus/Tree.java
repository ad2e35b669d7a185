package dev.turnout.admin.plus;

import static dev.turnout.admin.plus.Branch.entry;

import dev.turnout.control.NodeStatus;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.net.resolve.ResolverStats;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/// All paths of the API.
///
/// `/stream` is not among them, as in NGINX Plus without a `stream` block, nor is `/license`: there
/// is none.
final class Tree {
  private Tree() {}

  static Resource of(HttpEnvironment environment, Changes changer) {
    NodeStatus status = new NodeStatus(environment);
    return Branch.of(
        entry(
            "nginx",
            new Single<>(
                Shapes.NGINX, call -> new Shapes.Asked(status.process(), call.address()), null)),
        entry("processes", new Single<>(Shapes.PROCESSES, _ -> status.process(), () -> {})),
        entry(
            "connections",
            new Single<>(Shapes.CONNECTIONS, _ -> status.connections(), status::forgetConnections)),
        entry(
            "slabs",
            new Named<>(
                Shapes.SLAB, status::zones, missing("SlabNotFound", "slab not found"), _ -> {})),
        entry("http", http(environment, status, changer)),
        entry(
            "resolvers",
            5,
            new Named<>(
                Shapes.RESOLVER,
                () -> resolvers(environment),
                missing("ResolverZoneNotFound", "resolver not found"),
                zone -> environment.resolverStats(zone).reset())),
        entry("ssl", new Single<>(Shapes.SSL, _ -> TlsTotals.NONE, () -> {})),
        entry("workers", 9, new WorkersResource(status)));
  }

  private static Resource http(HttpEnvironment environment, NodeStatus status, Changes changer) {
    return Branch.of(
        entry(
            "requests",
            new Single<>(Shapes.REQUESTS, _ -> status.requests(), status::forgetRequests)),
        entry(
            "server_zones",
            new Named<>(
                Shapes.SERVER_ZONE,
                status::serverZones,
                missing("ServerZoneNotFound", "server zone not found"),
                status::forgetServerZone)),
        entry(
            "location_zones",
            5,
            new Named<>(
                Shapes.LOCATION_ZONE,
                status::locationZones,
                missing("LocationZoneNotFound", "location zone not found"),
                status::forgetLocationZone)),
        entry("caches", new Nothing(missing("CacheNotFound", "cache not found"))),
        entry(
            "limit_conns",
            6,
            new Named<>(
                Shapes.LIMIT_CONN,
                status::connectionLimits,
                missing("LimitConnNotFound", "limit_conn not found"),
                status::forgetConnectionLimit)),
        entry(
            "limit_reqs",
            6,
            new Named<>(
                Shapes.LIMIT_REQ,
                status::requestLimits,
                missing("LimitReqNotFound", "limit_req not found"),
                status::forgetRequestLimit)),
        entry(
            "upstreams",
            new UpstreamsResource(
                environment.upstreams(), environment.upstreamZones(), status, changer)),
        entry("keyvals", new KeyvalsResource(environment.zones(), changer)));
  }

  private static Map<String, ResolverStats.Counts> resolvers(HttpEnvironment environment) {
    Map<String, ResolverStats.Counts> byZone = new TreeMap<>();
    for (String zone : environment.resolverZones()) {
      byZone.put(zone, environment.resolverStats(zone).counts());
    }
    return byZone;
  }

  private static Supplier<Refusal> missing(String code, String text) {
    return () -> new Refusal(404, code, text);
  }

  /// Objects by name where there can be none, since no directive makes one.
  private record Nothing(Supplier<Refusal> missing) implements Resource {
    @Override
    public Reply get(Call call) {
      return call.wantsNamesOnly()
          ? Reply.ok(Document.names(List.of()))
          : Reply.ok(out -> KeyvalsResource.write(out, Map.of()));
    }

    @Override
    public Resource child(Call call, String name) {
      throw missing.get();
    }
  }
}

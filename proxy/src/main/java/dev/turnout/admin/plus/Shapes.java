package dev.turnout.admin.plus;

import static dev.turnout.admin.plus.Shape.array;
import static dev.turnout.admin.plus.Shape.flag;
import static dev.turnout.admin.plus.Shape.number;
import static dev.turnout.admin.plus.Shape.numbers;
import static dev.turnout.admin.plus.Shape.object;
import static dev.turnout.admin.plus.Shape.since;
import static dev.turnout.admin.plus.Shape.text;
import static dev.turnout.admin.plus.Shape.when;

import dev.turnout.control.NodeStatus.ConnectionLimit;
import dev.turnout.control.NodeStatus.Connections;
import dev.turnout.control.NodeStatus.Health;
import dev.turnout.control.NodeStatus.NodeProcess;
import dev.turnout.control.NodeStatus.RequestLimit;
import dev.turnout.control.NodeStatus.Requests;
import dev.turnout.control.NodeStatus.Server;
import dev.turnout.control.NodeStatus.Worker;
import dev.turnout.control.NodeStatus.ZoneMemory;
import dev.turnout.metrics.Latencies;
import dev.turnout.metrics.Responses;
import dev.turnout.metrics.Traffic;
import dev.turnout.net.resolve.ResolverStats.Counts;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// The objects of the API: their fields, in the order of NGINX Plus.
final class Shapes {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private Shapes() {}

  /// The process, and the call that asks for it.
  record Asked(NodeProcess process, String address) {}

  static final Shape<Asked> NGINX =
      Shape.<Asked>of(
          text("version", asked -> asked.process().version()),
          text("build", asked -> asked.process().build()),
          text("address", Asked::address),
          number("generation", asked -> asked.process().generation()),
          text("load_timestamp", asked -> TIME.format(asked.process().loaded())),
          text("timestamp", _ -> TIME.format(Instant.now())),
          number("pid", asked -> asked.process().pid()),
          number("ppid", asked -> asked.process().parentPid()));

  static final Shape<NodeProcess> PROCESSES =
      Shape.<NodeProcess>of(number("respawned", NodeProcess::respawned));

  static final Shape<Connections> CONNECTIONS =
      Shape.<Connections>of(
          number("accepted", Connections::accepted),
          number("dropped", Connections::dropped),
          number("active", Connections::active),
          number("idle", Connections::idle));

  static final Shape<Requests> REQUESTS =
      Shape.<Requests>of(number("total", Requests::total), number("current", Requests::current));

  static final Shape<Worker> WORKER =
      Shape.<Worker>of(
          number("id", Worker::id),
          number("pid", _ -> ProcessHandle.current().pid()),
          object("connections", CONNECTIONS, Worker::connections),
          object(
              "http",
              Shape.<Worker>of(object("requests", REQUESTS, Worker::requests)),
              worker -> worker));

  static final Shape<ZoneMemory> SLAB =
      Shape.<ZoneMemory>of(
          object(
              "pages",
              Shape.<ZoneMemory>of(
                  number("used", ZoneMemory::pagesUsed), number("free", ZoneMemory::pagesFree)),
              zone -> zone),
          numbers("slots", _ -> Map.of())); // nothing is allocated in slots

  private static final Shape<TlsTotals> VERIFY_FAILURES =
      Shape.<TlsTotals>of(
          number("no_cert", TlsTotals::noCert),
          number("expired_cert", TlsTotals::expiredCert),
          number("revoked_cert", TlsTotals::revokedCert),
          number("hostname_mismatch", TlsTotals::hostnameMismatch),
          number("other", TlsTotals::otherFailures));

  static final Shape<TlsTotals> SSL =
      Shape.<TlsTotals>of(
          number("handshakes", TlsTotals::handshakes),
          number("handshakes_failed", TlsTotals::failed),
          number("session_reuses", TlsTotals::reuses),
          since(8, number("no_common_protocol", TlsTotals::noCommonProtocol)),
          since(8, number("no_common_cipher", TlsTotals::noCommonCipher)),
          since(8, number("handshake_timeout", TlsTotals::timeouts)),
          since(8, number("peer_rejected_cert", TlsTotals::rejectedByPeer)),
          since(8, object("verify_failures", VERIFY_FAILURES, totals -> totals)));

  private static final Shape<Responses> RESPONSES =
      Shape.<Responses>of(
          number("1xx", responses -> responses.ofClass(1)),
          number("2xx", responses -> responses.ofClass(2)),
          number("3xx", responses -> responses.ofClass(3)),
          number("4xx", responses -> responses.ofClass(4)),
          number("5xx", responses -> responses.ofClass(5)),
          since(7, numbers("codes", Shapes::codes)),
          number("total", Responses::total));

  private static Map<String, Long> codes(Responses responses) {
    Map<String, Long> codes = new LinkedHashMap<>();
    responses.codes().forEach((status, count) -> codes.put(status.toString(), count));
    return codes;
  }

  static final Shape<Traffic> SERVER_ZONE =
      Shape.<Traffic>of(
          number("processing", Traffic::processing),
          number("requests", Traffic::requests),
          object("responses", RESPONSES, Traffic::responses),
          number("discarded", Traffic::discarded),
          number("received", Traffic::received),
          number("sent", Traffic::sent));

  static final Shape<Traffic> LOCATION_ZONE = SERVER_ZONE.without("processing");

  static final Shape<ConnectionLimit> LIMIT_CONN =
      Shape.<ConnectionLimit>of(
          number("passed", ConnectionLimit::passed),
          number("rejected", ConnectionLimit::rejected),
          number("rejected_dry_run", ConnectionLimit::rejectedDryRun));

  static final Shape<RequestLimit> LIMIT_REQ =
      Shape.<RequestLimit>of(
          number("passed", RequestLimit::passed),
          number("delayed", RequestLimit::delayed),
          number("rejected", RequestLimit::rejected),
          number("delayed_dry_run", RequestLimit::delayedDryRun),
          number("rejected_dry_run", RequestLimit::rejectedDryRun));

  private static final Shape<Latencies> HISTOGRAM =
      Shape.<Latencies>of(
          number("count", Latencies::count),
          number("sum", Latencies::sumMillis),
          numbers("buckets", Shapes::buckets));

  private static Map<String, Long> buckets(Latencies latencies) {
    Map<String, Long> buckets = new LinkedHashMap<>();
    for (Latencies.Bucket bucket : latencies.fromFiveMillis().buckets()) {
      String bound = bucket.isUnbounded() ? "inf" : Long.toString(bucket.boundMicros() / 1000);
      buckets.put(bound, bucket.count());
    }
    return buckets;
  }

  private static final Shape<Health> HEALTH =
      Shape.<Health>of(
          number("checks", Health::checks),
          number("fails", Health::fails),
          number("unhealthy", Health::unhealthy),
          when(
              health -> health.lastPassed().isPresent(),
              flag("last_passed", health -> health.lastPassed().orElse(false))));

  static final Shape<Server> PEER =
      Shape.<Server>of(
          number("id", peer -> peer.spec().id()),
          text("server", Server::address),
          text("name", peer -> peer.spec().server()),
          flag("backup", peer -> peer.spec().backup()),
          number("weight", peer -> peer.spec().weight()),
          text("state", peer -> peer.state().name().toLowerCase(Locale.ROOT)),
          number("active", Server::active),
          when(
              peer -> peer.spec().maxConns() > 0,
              number("max_conns", peer -> peer.spec().maxConns())),
          number("requests", Server::requests),
          when(Shapes::wasTimed, number("header_time", Server::headerMillis)),
          when(Shapes::wasTimed, number("response_time", Server::responseMillis)),
          when(
              Shapes::wasTimed,
              since(9, object("response_time_hist", HISTOGRAM, Server::responseTimes))),
          object("responses", RESPONSES, Server::responses),
          number("sent", peer -> peer.totals().sent()),
          number("received", peer -> peer.totals().received()),
          number("fails", peer -> peer.totals().fails()),
          number("unavail", peer -> peer.totals().unavail()),
          object("health_checks", HEALTH, Server::health),
          number("downtime", peer -> peer.totals().downtimeMillis()),
          when(
              peer -> peer.downSince().isPresent(),
              text("downstart", peer -> TIME.format(peer.downSince().orElseThrow()))),
          when(
              peer -> peer.selected().isPresent(),
              text("selected", peer -> TIME.format(peer.selected().orElseThrow()))));

  /// Whether a response has come whole, so that there are times.
  private static boolean wasTimed(Server peer) {
    return peer.responseTimes().sumNanos() > 0;
  }

  static final Shape<GroupFigures> GROUP =
      Shape.<GroupFigures>of(
          array("peers", PEER, GroupFigures::peers),
          number("keepalive", GroupFigures::keepalive),
          number("zombies", GroupFigures::zombies),
          text("zone", GroupFigures::zone));

  /// A server as it is configured.
  static final Shape<Configured> SERVER =
      Shape.<Configured>of(
          number("id", server -> server.spec().id()),
          text("server", Configured::server),
          when(server -> !server.service().isEmpty(), text("service", Configured::service)),
          number("weight", server -> server.spec().weight()),
          number("max_conns", server -> server.spec().maxConns()),
          number("max_fails", server -> server.spec().maxFails()),
          text("fail_timeout", server -> server.spec().failTimeoutMillis() / 1000 + "s"),
          text("slow_start", server -> server.spec().slowStartMillis() / 1000 + "s"),
          text("route", server -> server.spec().route()),
          flag("backup", server -> server.spec().backup()),
          flag("down", server -> server.spec().down()),
          when(server -> server.spec().drain(), flag("drain", server -> server.spec().drain())),
          when(Configured::isResolved, text("parent", Configured::parentId)),
          when(Configured::isResolved, text("host", Configured::host)));

  /// What resolvers were asked, and what came of it.
  static final Shape<Counts> RESOLVER =
      Shape.<Counts>of(
          object(
              "requests",
              Shape.<Counts>of(
                  number("name", Counts::name),
                  number("srv", Counts::srv),
                  number("addr", Counts::addr)),
              counts -> counts),
          object(
              "responses",
              Shape.<Counts>of(
                  number("noerror", Counts::noerror),
                  number("formerr", Counts::formerr),
                  number("servfail", Counts::servfail),
                  number("nxdomain", Counts::nxdomain),
                  number("notimp", Counts::notimp),
                  number("refused", Counts::refused),
                  number("timedout", Counts::timedout),
                  number("unknown", Counts::unknown)),
              counts -> counts));
}

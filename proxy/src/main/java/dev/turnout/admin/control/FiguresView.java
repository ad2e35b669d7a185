package dev.turnout.admin.control;

import dev.turnout.admin.json.Json;
import dev.turnout.control.NodeStatus;
import dev.turnout.control.Timeline;
import dev.turnout.metrics.Latencies;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerSet;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.PeerStats;
import dev.turnout.upstream.PeerTotals;
import dev.turnout.upstream.Upstream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import tools.jackson.core.JsonGenerator;

/// What is measured, in columns: one list for each figure, with a place for each server. It is
/// asked for each second, and a name for each figure of each server would be most of the answer.
final class FiguresView {
  private FiguresView() {}

  /// A server, and what stands for it: several peers if its name has several addresses.
  private record Row(long id, String state, List<Peer> live, List<NodeStatus.Server> peers) {
    static Row of(PeerSpec server, List<Peer> live, long nowMillis) {
      return new Row(
          server.id(),
          StateView.state(live, nowMillis),
          live,
          live.stream().map(NodeStatus::server).toList());
    }

    long sum(ToLongFunction<NodeStatus.Server> figure) {
      return peers.stream().mapToLong(figure).sum();
    }

    long total(ToLongFunction<PeerTotals> figure) {
      return sum(peer -> figure.applyAsLong(peer.totals()));
    }

    /// The mean of those that have such an average, in microseconds; 0 if none has.
    long micros(ToLongFunction<PeerStats> nanos) {
      return Math.round(
          live.stream()
                  .mapToLong(peer -> nanos.applyAsLong(peer.stats()))
                  .filter(value -> value > 0)
                  .average()
                  .orElse(0)
              / 1000);
    }

    /// Whether the last checks were all passed; null if there was none.
    Object passed() {
      List<Boolean> last =
          peers.stream().map(peer -> peer.health().lastPassed()).flatMap(Optional::stream).toList();
      return last.isEmpty() ? NONE : last.stream().allMatch(passed -> passed);
    }
  }

  private static final Object NONE = new Object();

  /// @param latency whether how long responses took is told for each server
  static void upstream(JsonGenerator out, Upstream upstream, boolean latency) {
    List<Row> rows = rows(upstream);
    out.writeStartObject();
    Json.write(out, "name", upstream.name());
    out.writeNumberProperty("idle", upstream.idleConnections());
    out.writeNumberProperty("leaving", upstream.zombies().stream().mapToLong(Peer::active).sum());
    numbers(out, "id", rows, Row::id);
    out.writeArrayPropertyStart("state");
    rows.forEach(row -> out.writeString(row.state()));
    out.writeEndArray();
    numbers(out, "active", rows, row -> row.sum(NodeStatus.Server::active));
    numbers(out, "requests", rows, row -> row.total(PeerTotals::requests));
    numbers(out, "client_errors", rows, row -> row.total(totals -> totals.responses().ofClass(4)));
    numbers(out, "server_errors", rows, row -> row.total(totals -> totals.responses().ofClass(5)));
    numbers(out, "fails", rows, row -> row.total(PeerTotals::fails));
    numbers(out, "header_us", rows, row -> row.micros(PeerStats::headerNanos));
    numbers(out, "response_us", rows, row -> row.micros(PeerStats::responseNanos));
    numbers(out, "checks", rows, row -> row.sum(peer -> peer.health().checks()));
    numbers(out, "checks_failed", rows, row -> row.sum(peer -> peer.health().fails()));
    column(out, "last_passed", rows, Row::passed);
    if (latency) {
      latency(out, rows);
    }
    out.writeEndObject();
  }

  private static List<Row> rows(Upstream upstream) {
    PeerSet current = upstream.current();
    Map<Long, List<Peer>> peers = current.byServer();
    List<Row> rows = new ArrayList<>();
    long nowMillis = System.nanoTime() / 1_000_000; // the clock of failures
    for (PeerSpec server : current.spec().servers()) {
      rows.add(Row.of(server, peers.getOrDefault(server.id(), List.of()), nowMillis));
    }
    return rows;
  }

  private static void numbers(
      JsonGenerator out, String name, List<Row> rows, ToLongFunction<Row> figure) {
    out.writeArrayPropertyStart(name);
    rows.forEach(row -> out.writeNumber(figure.applyAsLong(row)));
    out.writeEndArray();
  }

  private static void column(
      JsonGenerator out, String name, List<Row> rows, Function<Row, Object> figure) {
    out.writeArrayPropertyStart(name);
    for (Row row : rows) {
      if (figure.apply(row) instanceof Boolean truth) {
        out.writeBoolean(truth);
      } else {
        out.writeNull();
      }
    }
    out.writeEndArray();
  }

  private static void latency(JsonGenerator out, List<Row> rows) {
    out.writeArrayPropertyStart("bounds_us");
    for (Latencies.Bucket bucket : Latencies.NONE.buckets()) {
      if (!bucket.isUnbounded()) {
        out.writeNumber(bucket.boundMicros());
      }
    }
    out.writeEndArray();
    out.writeArrayPropertyStart("latency");
    for (Row row : rows) {
      out.writeStartArray();
      for (int i = 0; i < Latencies.NONE.buckets().size(); i++) {
        int at = i;
        out.writeNumber(row.total(totals -> totals.responseTimes().buckets().get(at).count()));
      }
      out.writeEndArray();
    }
    out.writeEndArray();
  }

  /// @param sinceMillis what is left out was not later than this
  static void timeline(JsonGenerator out, Timeline timeline, long sinceMillis) {
    out.writeStartObject();
    out.writeBooleanProperty("kept", timeline.isKept());
    out.writeNumberProperty("interval_ms", Timeline.INTERVAL_MILLIS);
    List<Timeline.Sample> samples = timeline.since(sinceMillis);
    samples(out, "time_ms", samples, Timeline.Sample::timeMillis);
    samples(out, "requests", samples, Timeline.Sample::requests);
    samples(out, "client_errors", samples, Timeline.Sample::clientErrors);
    samples(out, "server_errors", samples, Timeline.Sample::serverErrors);
    samples(out, "p50_us", samples, Timeline.Sample::p50Micros);
    samples(out, "p99_us", samples, Timeline.Sample::p99Micros);
    out.writeEndObject();
  }

  private static void samples(
      JsonGenerator out,
      String name,
      List<Timeline.Sample> samples,
      ToLongFunction<Timeline.Sample> figure) {
    out.writeArrayPropertyStart(name);
    samples.forEach(sample -> out.writeNumber(figure.applyAsLong(sample)));
    out.writeEndArray();
  }
}

package dev.turnout.admin.control;

import dev.turnout.control.Timeline;
import dev.turnout.json.JsonText;
import dev.turnout.metrics.Latencies;
import dev.turnout.metrics.Responses;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerSet;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.PeerStats;
import dev.turnout.upstream.ProbeResult;
import dev.turnout.upstream.Upstream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// What is measured, in columns: one list for each figure, with a place for each server. It is
/// asked for each second, and a name for each figure of each server would be most of the answer.
final class FiguresView {
  private FiguresView() {}

  /// A server, and what stands for it: several peers if its name has several addresses. What it has
  /// answered is added up once.
  private record Row(
      long id, String state, List<Peer> peers, long clientErrors, long serverErrors) {
    static Row of(PeerSpec server, List<Peer> peers, long nowMillis) {
      long clientErrors = 0;
      long serverErrors = 0;
      for (Peer peer : peers) {
        Responses responses = peer.stats().responses();
        clientErrors += responses.ofClass(4);
        serverErrors += responses.ofClass(5);
      }
      return new Row(
          server.id(), StateView.state(peers, nowMillis), peers, clientErrors, serverErrors);
    }

    long sum(ToLongFunction<Peer> figure) {
      return peers.stream().mapToLong(figure).sum();
    }

    /// The mean of those that have such an average, in microseconds; 0 if none has.
    long micros(ToLongFunction<PeerStats> nanos) {
      return Math.round(
          peers.stream()
                  .mapToLong(peer -> nanos.applyAsLong(peer.stats()))
                  .filter(value -> value > 0)
                  .average()
                  .orElse(0)
              / 1000);
    }

    /// Whether the last checks were all passed; null if there was none.
    @Nullable Boolean passed() {
      List<ProbeResult> last =
          peers.stream()
              .map(peer -> Optional.ofNullable(peer.activeHealth().last()))
              .flatMap(Optional::stream)
              .toList();
      return last.isEmpty() ? null : last.stream().allMatch(ProbeResult::passed);
    }

    /// How many responses each bucket of times has.
    long[] latencies(long nowMillis) {
      long[] counts = new long[Latencies.NONE.buckets().size()];
      for (Peer peer : peers) {
        List<Latencies.Bucket> buckets = peer.stats().totals(nowMillis).responseTimes().buckets();
        for (int i = 0; i < counts.length; i++) {
          counts[i] += buckets.get(i).count();
        }
      }
      return counts;
    }
  }

  /// @param latency whether how long responses took is told for each server
  static void upstream(JsonGenerator out, Upstream upstream, boolean latency) {
    long nowMillis = System.nanoTime() / 1_000_000; // the clock of failures
    List<Row> rows = rows(upstream, nowMillis);
    out.writeStartObject();
    JsonText.write(out, "name", upstream.name());
    out.writeNumberProperty("idle", upstream.idleConnections());
    out.writeNumberProperty("leaving", upstream.zombies().stream().mapToLong(Peer::active).sum());
    numbers(out, "id", rows, Row::id);
    out.writeArrayPropertyStart("state");
    rows.forEach(row -> out.writeString(row.state()));
    out.writeEndArray();
    numbers(out, "active", rows, row -> row.sum(Peer::active));
    numbers(out, "requests", rows, row -> row.sum(peer -> peer.stats().requests()));
    numbers(out, "client_errors", rows, Row::clientErrors);
    numbers(out, "server_errors", rows, Row::serverErrors);
    numbers(out, "fails", rows, row -> row.sum(peer -> peer.stats().fails()));
    numbers(out, "header_us", rows, row -> row.micros(PeerStats::headerNanos));
    numbers(out, "response_us", rows, row -> row.micros(PeerStats::responseNanos));
    numbers(out, "checks", rows, row -> row.sum(peer -> peer.activeHealth().checks()));
    numbers(out, "checks_failed", rows, row -> row.sum(peer -> peer.activeHealth().fails()));
    out.writeArrayPropertyStart("last_passed");
    for (Row row : rows) {
      Boolean passed = row.passed();
      if (passed == null) {
        out.writeNull();
      } else {
        out.writeBoolean(passed);
      }
    }
    out.writeEndArray();
    if (latency) {
      latency(out, rows, nowMillis);
    }
    out.writeEndObject();
  }

  private static List<Row> rows(Upstream upstream, long nowMillis) {
    PeerSet current = upstream.current();
    Map<Long, List<Peer>> peers = current.byServer();
    List<Row> rows = new ArrayList<>();
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

  private static void latency(JsonGenerator out, List<Row> rows, long nowMillis) {
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
      for (long count : row.latencies(nowMillis)) {
        out.writeNumber(count);
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

package dev.turnout.admin.control;

import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.json.JsonText;
import dev.turnout.upstream.CanaryAnswers;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.PeerState;
import dev.turnout.upstream.PeerStats;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamSpec;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// Upstreams and zones as documents show them: what is wanted, what the configuration says, where
/// the two differ, and, of the present state, what is measured.
final class StateView {
  private StateView() {}

  /// @param live the upstream in use; null for a state of the past, or where there is none
  static void upstream(JsonGenerator out, UpstreamState state, @Nullable Upstream live) {
    UpstreamSpec spec = state.spec();
    UpstreamSpec configured = state.configured();
    UpstreamSpec any = spec != null ? spec : configured;
    out.writeStartObject();
    JsonText.write(out, "name", state.name());
    out.writeStringProperty("state", standing(state));
    JsonText.write(out, "method", any == null ? "" : any.method().text());
    out.writeNumberProperty("keepalive", any == null ? 0 : any.keepalive().connections());
    servers(out, "servers", spec, live);
    if (configured == null) {
      out.writeNullProperty("configured");
    } else {
      out.writeArrayPropertyStart("configured");
      configured.servers().forEach(server -> Views.server(out, server));
      out.writeEndArray();
    }
    drift(out, spec, configured);
    if (live == null) {
      out.writeNullProperty("live");
    } else {
      out.writeObjectPropertyStart("live");
      out.writeNumberProperty("revision", live.current().revision());
      out.writeArrayPropertyStart("leaving");
      for (Peer peer : live.zombies()) {
        out.writeStartObject();
        out.writeNumberProperty("id", peer.id());
        JsonText.write(out, "server", peer.spec().server());
        out.writeNumberProperty("active", peer.active());
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    out.writeEndObject();
  }

  private static String standing(UpstreamState state) {
    if (state.spec() == null) {
      return "deleted";
    }
    if (state.configured() == null) {
      return "created";
    }
    return state.isChanged() ? "changed" : "configured";
  }

  private static void servers(
      JsonGenerator out, String name, @Nullable UpstreamSpec spec, @Nullable Upstream live) {
    Map<Long, List<Peer>> peers = peers(live);
    out.writeArrayPropertyStart(name);
    for (PeerSpec server : spec == null ? List.<PeerSpec>of() : spec.servers()) {
      server(out, server, live == null ? null : peers.getOrDefault(server.id(), List.of()));
    }
    out.writeEndArray();
  }

  static Map<Long, List<Peer>> peers(@Nullable Upstream live) {
    return live == null ? Map.of() : live.current().byServer();
  }

  /// @param live what stands for the server; null for a state of the past
  static void server(JsonGenerator out, PeerSpec spec, @Nullable List<Peer> live) {
    out.writeStartObject();
    ServerField.writeAll(out, spec);
    if (live == null) {
      out.writeNullProperty("live");
    } else {
      out.writeObjectPropertyStart("live");
      long nowMillis = System.nanoTime() / 1_000_000; // the clock of failures
      out.writeStringProperty("state", state(live, nowMillis));
      long ramp =
          live.stream().mapToLong(one -> one.slowStartLeftMillis(nowMillis)).max().orElse(0);
      out.writeNumberProperty("slow_start_left_ms", ramp);
      out.writeNumberProperty("active", live.stream().mapToLong(Peer::active).sum());
      out.writeNumberProperty("requests", sum(live, PeerStats::requests));
      out.writeNumberProperty("fails", sum(live, PeerStats::fails));
      out.writeNumberProperty("unavail", sum(live, PeerStats::unavail));
      canary(out, spec, live);
      out.writeArrayPropertyStart("resolved");
      if (spec.address() instanceof PeerAddress.Unresolved) {
        for (Peer peer : live) {
          out.writeStartObject();
          JsonText.write(out, "address", peer.address().text());
          out.writeStringProperty("state", state(List.of(peer), nowMillis));
          out.writeNumberProperty("active", peer.active());
          out.writeEndObject();
        }
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    out.writeEndObject();
  }

  /// How far a server has proved itself that has to.
  private static void canary(JsonGenerator out, PeerSpec spec, List<Peer> live) {
    if (spec.canary() == null || live.isEmpty()) {
      out.writeNullProperty("canary");
      return;
    }
    CanaryAnswers answers = CanaryAnswers.of(live.getFirst());
    out.writeObjectPropertyStart("canary");
    out.writeNumberProperty("good", answers.good());
    out.writeNumberProperty("bad", answers.bad());
    out.writeEndObject();
  }

  private static long sum(List<Peer> peers, ToLongFunction<PeerStats> what) {
    return peers.stream().mapToLong(peer -> what.applyAsLong(peer.stats())).sum();
  }

  /// That of the one that does best; a name may have several addresses, or none yet.
  static String state(List<Peer> peers, long nowMillis) {
    return peers.stream()
        .map(peer -> peer.state(nowMillis))
        .min(Comparator.comparing(state -> state != PeerState.UP))
        .map(state -> state.name().toLowerCase(Locale.ROOT))
        .orElse("unresolved");
  }

  /// Where what is wanted is not what the configuration says.
  private static void drift(
      JsonGenerator out, @Nullable UpstreamSpec spec, @Nullable UpstreamSpec configured) {
    out.writeArrayPropertyStart("drift");
    if (spec != null && configured != null) {
      for (PeerSpec now : spec.servers()) {
        int at = configured.indexOf(now.id());
        if (at < 0) {
          difference(out, now, "added");
          continue;
        }
        PeerSpec said = configured.servers().get(at);
        for (ServerField field : ServerField.differing(said, now)) {
          out.writeStartObject();
          out.writeNumberProperty("id", now.id());
          JsonText.write(out, "server", now.server());
          out.writeStringProperty("kind", "changed");
          out.writeStringProperty("field", field.name());
          field.write(out, "configured", said);
          field.write(out, "wanted", now);
          out.writeEndObject();
        }
      }
      for (PeerSpec said : configured.servers()) {
        if (spec.indexOf(said.id()) < 0) {
          difference(out, said, "removed");
        }
      }
    }
    out.writeEndArray();
  }

  private static void difference(JsonGenerator out, PeerSpec server, String kind) {
    out.writeStartObject();
    out.writeNumberProperty("id", server.id());
    JsonText.write(out, "server", server.server());
    out.writeStringProperty("kind", kind);
    out.writeEndObject();
  }

  /// A zone without its entries, as an open object.
  private static void zoneHead(JsonGenerator out, KeyvalZone zone, KeyvalSnapshot content) {
    JsonText.write(out, "name", zone.name());
    out.writeNumberProperty("revision", content.revision());
    out.writeNumberProperty("size", zone.capacity());
    out.writeNumberProperty("used", content.used());
    out.writeNumberProperty("keys", content.entriesAt(System.currentTimeMillis()).size());
    out.writeBooleanProperty("own_file", zone.store().isDurable());
  }

  static void zoneSummary(JsonGenerator out, KeyvalZone zone, KeyvalSnapshot content) {
    out.writeStartObject();
    zoneHead(out, zone, content);
    out.writeEndObject();
  }

  static void zone(JsonGenerator out, KeyvalZone zone, KeyvalSnapshot content) {
    out.writeStartObject();
    zoneHead(out, zone, content);
    out.writeObjectPropertyStart("entries");
    new TreeMap<>(content.entriesAt(System.currentTimeMillis()))
        .forEach((key, value) -> out.writeStringProperty(JsonText.text(key), JsonText.text(value)));
    out.writeEndObject();
    out.writeEndObject();
  }
}

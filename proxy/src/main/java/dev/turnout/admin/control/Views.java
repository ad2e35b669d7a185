package dev.turnout.admin.control;

import dev.turnout.admin.gate.Level;
import dev.turnout.admin.gate.Permit;
import dev.turnout.admin.gate.Role;
import dev.turnout.cluster.Delta;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.Trial;
import dev.turnout.cluster.TrialEnd;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.control.Drain;
import dev.turnout.control.StoreStatus;
import dev.turnout.control.Trials;
import dev.turnout.discovery.FollowerStatus;
import dev.turnout.json.JsonText;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// Changes, revisions and drains as documents show them.
final class Views {
  private Views() {}

  /// A moment, as RFC 3339 has it.
  static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }

  /// Writes who asks, and what they may do, into an open object.
  static void asker(JsonGenerator out, Call call) {
    Permit permit = call.permit();
    Role role = permit == null ? null : permit.role();
    out.writeObjectPropertyStart("you");
    JsonText.write(out, "who", permit == null ? call.client() : permit.who());
    out.writeStringProperty("level", (role == null ? Level.VIEWER : role.level()).word());
    patterns(out, "upstreams", role == null ? List.of() : role.upstreamPatterns());
    patterns(out, "hosts", role == null ? List.of() : role.hostPatterns());
    out.writeBooleanProperty("writable", permit != null);
    out.writeEndObject();
  }

  private static void patterns(JsonGenerator out, String name, List<String> patterns) {
    out.writeArrayPropertyStart(name);
    patterns.forEach(pattern -> out.writeString(JsonText.text(pattern)));
    out.writeEndArray();
  }

  static void revision(JsonGenerator out, JournalEntry entry) {
    out.writeNumberProperty("revision", entry.revision());
    out.writeStringProperty("time", time(entry.timeMillis()));
    JsonText.write(out, "dialect", entry.origin().dialect());
    JsonText.write(out, "who", entry.origin().who());
    JsonText.write(out, "why", entry.origin().why());
    changes(out, entry.deltas());
    if (entry.trial() != null) {
      terms(out, entry.trial());
    }
    TrialEnd end = entry.end();
    if (end != null) {
      out.writeObjectPropertyStart("ends_trial");
      out.writeNumberProperty("revision", end.revision());
      out.writeStringProperty("outcome", end.kept() ? "kept" : "taken_back");
      out.writeEndObject();
    }
  }

  /// Writes `trial` into an open object.
  static void terms(JsonGenerator out, Trial trial) {
    out.writeObjectPropertyStart("trial");
    termFields(out, trial);
    out.writeEndObject();
  }

  private static void termFields(JsonGenerator out, Trial trial) {
    out.writeStringProperty("until", time(trial.untilMillis()));
    out.writeStringProperty("then", trial.confirm() ? "rollback" : "keep");
    JsonText.write(
        out,
        "max_errors",
        trial.maxErrors() == Trial.ANY ? null : Trials.percent(trial.maxErrors()));
  }

  /// A trial that goes on.
  static void trial(JsonGenerator out, Trials.View trial) {
    JournalEntry change = trial.change();
    out.writeStartObject();
    out.writeNumberProperty("revision", change.revision());
    out.writeStringProperty("time", time(change.timeMillis()));
    JsonText.write(out, "who", change.origin().who());
    JsonText.write(out, "why", change.origin().why());
    termFields(out, trial.terms());
    out.writeArrayPropertyStart("upstreams");
    trial.upstreams().forEach(name -> out.writeString(JsonText.text(name)));
    out.writeEndArray();
    out.writeNumberProperty("answers", trial.answers());
    out.writeNumberProperty("errors", trial.errors());
    JsonText.write(out, "trouble", trial.trouble());
    out.writeEndObject();
  }

  /// Writes `changes` into an open object.
  static void changes(JsonGenerator out, List<Delta> deltas) {
    out.writeObjectPropertyStart("changes");
    out.writeArrayPropertyStart("upstreams");
    for (Delta delta : deltas) {
      if (delta instanceof Delta.OfUpstream upstream) {
        upstream(out, upstream);
      }
    }
    out.writeEndArray();
    out.writeArrayPropertyStart("zones");
    for (Delta delta : deltas) {
      if (delta instanceof Delta.OfZone zone) {
        zone(out, zone);
      }
    }
    out.writeEndArray();
    out.writeEndObject();
  }

  private static void zone(JsonGenerator out, Delta.OfZone zone) {
    out.writeStartObject();
    JsonText.write(out, "zone", zone.zone());
    out.writeArrayPropertyStart("keys");
    zone.after()
        .forEach((key, after) -> {
          out.writeStartObject();
          JsonText.write(out, "key", key);
          JsonText.write(out, "from", zone.before().get(key));
          JsonText.write(out, "to", after);
          out.writeEndObject();
        });
    out.writeEndArray();
    out.writeEndObject();
  }

  private static @Nullable UpstreamSpec spec(@Nullable UpstreamState state) {
    return state == null ? null : state.spec();
  }

  private static void upstream(JsonGenerator out, Delta.OfUpstream delta) {
    UpstreamSpec before = spec(delta.before());
    UpstreamSpec after = spec(delta.after());
    out.writeStartObject();
    JsonText.write(out, "upstream", delta.name());
    out.writeStringProperty("kind", kind(before, after));
    servers(out, before, after);
    out.writeEndObject();
  }

  private static String kind(@Nullable UpstreamSpec before, @Nullable UpstreamSpec after) {
    if (before == null) {
      return after == null ? "configured" : "created";
    }
    if (after == null) {
      return "deleted";
    }
    return before.equals(after) ? "configured" : "changed";
  }

  private static Map<Long, PeerSpec> byId(@Nullable UpstreamSpec spec) {
    Map<Long, PeerSpec> servers = new HashMap<>();
    if (spec != null) {
      spec.servers().forEach(server -> servers.put(server.id(), server));
    }
    return servers;
  }

  private static List<PeerSpec> servers(@Nullable UpstreamSpec spec) {
    return spec == null ? List.of() : spec.servers();
  }

  private static void servers(
      JsonGenerator out, @Nullable UpstreamSpec before, @Nullable UpstreamSpec after) {
    Map<Long, PeerSpec> was = byId(before);
    Map<Long, PeerSpec> is = byId(after);
    out.writeArrayPropertyStart("added");
    for (PeerSpec server : servers(after)) {
      if (!was.containsKey(server.id())) {
        server(out, server);
      }
    }
    out.writeEndArray();
    out.writeArrayPropertyStart("removed");
    for (PeerSpec server : servers(before)) {
      if (!is.containsKey(server.id())) {
        server(out, server);
      }
    }
    out.writeEndArray();
    out.writeArrayPropertyStart("changed");
    for (PeerSpec now : servers(after)) {
      PeerSpec old = was.get(now.id());
      if (old != null && !old.equals(now)) {
        out.writeStartObject();
        out.writeNumberProperty("id", now.id());
        JsonText.write(out, "server", now.server());
        out.writeArrayPropertyStart("fields");
        ServerField.differing(old, now)
            .forEach(field -> {
              out.writeStartObject();
              out.writeStringProperty("field", field.name());
              field.write(out, "from", old);
              field.write(out, "to", now);
              out.writeEndObject();
            });
        out.writeEndArray();
        out.writeEndObject();
      }
    }
    out.writeEndArray();
    out.writeBooleanProperty("reordered", isReordered(before, after));
    out.writeArrayPropertyStart("fields");
    if (before != null && after != null) {
      field(out, "method", before.method().text(), after.method().text());
      field(out, "keepalive", before.keepalive().connections(), after.keepalive().connections());
    }
    out.writeEndArray();
  }

  private static boolean isReordered(@Nullable UpstreamSpec before, @Nullable UpstreamSpec after) {
    Map<Long, PeerSpec> was = byId(before);
    Map<Long, PeerSpec> is = byId(after);
    List<Long> stayed = new ArrayList<>();
    servers(before).stream().map(PeerSpec::id).filter(is::containsKey).forEach(stayed::add);
    return !stayed.equals(
        servers(after).stream().map(PeerSpec::id).filter(was::containsKey).toList());
  }

  private static void field(JsonGenerator out, String name, Object from, Object to) {
    if (!Objects.equals(from, to)) {
      out.writeStartObject();
      out.writeStringProperty("field", name);
      JsonText.write(out, "from", from);
      JsonText.write(out, "to", to);
      out.writeEndObject();
    }
  }

  static void server(JsonGenerator out, PeerSpec spec) {
    out.writeStartObject();
    ServerField.writeAll(out, spec);
    out.writeEndObject();
  }

  static void drain(JsonGenerator out, Drain drain, OptionalLong oldestMillis) {
    Long deadline = drain.deadlineMillis();
    Long ended = drain.endedMillis();
    out.writeStartObject();
    out.writeStringProperty("id", drain.id());
    JsonText.write(out, "upstream", drain.upstream());
    out.writeNumberProperty("server", drain.server());
    JsonText.write(out, "address", drain.address());
    out.writeStringProperty("then", drain.then().name().toLowerCase(Locale.ROOT));
    out.writeStringProperty("phase", drain.phase().name().toLowerCase(Locale.ROOT));
    out.writeBooleanProperty("over", drain.phase().isOver());
    out.writeNumberProperty("active", drain.active());
    JsonText.write(out, "oldest_ms", oldestMillis.isEmpty() ? null : oldestMillis.getAsLong());
    JsonText.write(out, "sessions", drain.sessions());
    out.writeStringProperty("started", time(drain.startedMillis()));
    JsonText.write(out, "deadline", deadline == null ? null : time(deadline));
    out.writeBooleanProperty("deadline_reached", drain.deadlineReached());
    JsonText.write(out, "ended", ended == null ? null : time(ended));
    JsonText.write(out, "revision", drain.revision());
    JsonText.write(out, "who", drain.origin().who());
    JsonText.write(out, "why", drain.origin().why());
    JsonText.write(out, "note", drain.note());
    out.writeEndObject();
  }

  /// How the node stands with the store that nodes share.
  static void store(JsonGenerator out, StoreStatus store) {
    out.writeStartObject();
    JsonText.write(out, "store", store.label());
    JsonText.write(out, "node", store.node());
    JsonText.write(out, "state", store.link().name().toLowerCase(Locale.ROOT));
    JsonText.write(out, "since", time(store.sinceMillis()));
    JsonText.write(out, "reason", store.reason());
    out.writeNumberProperty("stale_ms", store.staleMillis(System.currentTimeMillis()));
    out.writeNumberProperty("revision", store.revision());
    out.writeNumberProperty("applied", store.applied());
    out.writeNumberProperty("pending", store.pending());
    out.writeArrayPropertyStart("rejected");
    store
        .rejected()
        .forEach((key, reason) -> {
          out.writeStartObject();
          JsonText.write(out, "key", key);
          JsonText.write(out, "reason", reason);
          out.writeEndObject();
        });
    out.writeEndArray();
    out.writeEndObject();
  }

  /// A node of the cluster.
  ///
  /// Where the servers of a group come from.
  static void source(JsonGenerator out, FollowerStatus status) {
    long answered = status.answeredMillis();
    out.writeStartObject();
    JsonText.write(out, "upstream", status.upstream());
    JsonText.write(out, "source", status.source());
    JsonText.write(out, "state", status.state().name().toLowerCase(Locale.ROOT));
    JsonText.write(out, "message", status.message());
    JsonText.write(out, "answered", answered == 0 ? null : time(answered));
    out.writeNumberProperty("changes", status.changes());
    out.writeNumberProperty("failures", status.failures());
    out.writeEndObject();
  }

  /// @param farthest the revision of the store that any node serves
  static void member(JsonGenerator out, StoreStatus.Member member, long farthest) {
    out.writeStartObject();
    JsonText.write(out, "node", member.node());
    JsonText.write(out, "address", member.address());
    JsonText.write(out, "version", member.version());
    JsonText.write(out, "state", member.state());
    out.writeNumberProperty("applied", member.applied());
    out.writeNumberProperty("lag", Math.max(0, farthest - member.applied()));
    out.writeNumberProperty("revision", member.revision());
    JsonText.write(out, "started", time(member.startedMillis()));
    out.writeBooleanProperty("self", member.self());
    out.writeEndObject();
  }

  /// Which nodes serve a change.
  static void spread(JsonGenerator out, StoreStatus.Spread spread) {
    out.writeObjectPropertyStart("cluster");
    names(out, "serving", spread.serving());
    names(out, "missing", spread.missing());
    out.writeEndObject();
  }

  private static void names(JsonGenerator out, String name, List<String> names) {
    out.writeArrayPropertyStart(name);
    names.forEach(out::writeString);
    out.writeEndArray();
  }
}

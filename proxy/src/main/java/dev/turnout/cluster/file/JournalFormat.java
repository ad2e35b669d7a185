package dev.turnout.cluster.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.Journal;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.Trial;
import dev.turnout.cluster.TrialEnd;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.json.Json;
import dev.turnout.json.JsonText;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Canary;
import dev.turnout.upstream.CheckSpec;
import dev.turnout.upstream.HealthOptions;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.QueueLimits;
import dev.turnout.upstream.UpstreamOptions;
import dev.turnout.upstream.UpstreamSpec;
import dev.turnout.upstream.sticky.Sticky;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// The text of the journal: a line a change, which a person can read and `grep`.
///
/// ```
/// ba8aafd1 {"journal":"turnout-journal/1","revision":0,"upstreams":[],"zones":{}}
/// 1c2f9a07 {"revision":1,"time":"2026-11-26T04:00:00.123Z","dialect":"plus-api",…}
/// ```
///
/// Each line begins with the CRC-32C of the rest of it. The first holds the state that the changes
/// begin from. An upstream that a change touches for the first time is written whole, before and
/// after; later ones say only which servers changed, so that a line grows with its change.
final class JournalFormat {
  static final String FORMAT = "turnout-journal/1";

  private static final String KEPT = "kept";
  private static final String TAKEN_BACK = "taken_back";

  /// The line is not one that this class wrote.
  static final class Damaged extends Exception {
    private static final long serialVersionUID = 1;

    Damaged(String message) {
      super(message);
    }
  }

  private JournalFormat() {}

  // ---- writing

  static byte[] head(
      long revision, Map<String, UpstreamState> upstreams, Map<String, KeyvalSnapshot> zones) {
    return line(json -> {
      json.writeStringProperty("journal", FORMAT);
      json.writeNumberProperty("revision", revision);
      json.writeArrayPropertyStart("upstreams");
      upstreams.values().stream()
          .sorted(java.util.Comparator.comparing(UpstreamState::name))
          .forEach(state -> write(json, state));
      json.writeEndArray();
      json.writeObjectPropertyStart("zones");
      zones.forEach((zone, content) -> {
        json.writeObjectPropertyStart(zone);
        content.entries().forEach(json::writeStringProperty);
        json.writeEndObject();
      });
      json.writeEndObject();
      json.writeObjectPropertyStart("deadlines");
      zones.forEach((zone, content) -> writeDeadlines(json, zone, content.deadlines()));
      json.writeEndObject();
    });
  }

  /// @param known the upstreams as the lines before leave them
  static byte[] entry(JournalEntry entry, Map<String, UpstreamState> known) {
    return line(json -> {
      json.writeNumberProperty("revision", entry.revision());
      json.writeStringProperty("time", Instant.ofEpochMilli(entry.timeMillis()).toString());
      json.writeStringProperty("dialect", entry.origin().dialect());
      writeIfAny(json, "who", entry.origin().who());
      writeIfAny(json, "why", entry.origin().why());
      writeIfAny(json, "from", entry.origin().from());
      writeIfAny(json, "key", entry.key());
      write(json, entry.trial());
      write(json, entry.end());
      json.writeArrayPropertyStart("upstreams");
      for (Delta delta : entry.deltas()) {
        if (delta instanceof Delta.OfUpstream upstream) {
          write(json, upstream, known.get(key(upstream.name())));
        }
      }
      json.writeEndArray();
      json.writeArrayPropertyStart("zones");
      for (Delta delta : entry.deltas()) {
        if (delta instanceof Delta.OfZone zone) {
          json.writeStartObject();
          json.writeStringProperty("zone", zone.zone());
          writeValues(json, "before", zone.before());
          writeValues(json, "after", zone.after());
          writeDeadlines(json, "deadlines_before", zone.deadlinesBefore());
          writeDeadlines(json, "deadlines", zone.deadlinesAfter());
          json.writeEndObject();
        }
      }
      json.writeEndArray();
    });
  }

  private static void write(JsonGenerator json, @Nullable Trial trial) {
    if (trial == null) {
      return;
    }
    json.writeObjectPropertyStart("trial");
    json.writeStringProperty("until", Instant.ofEpochMilli(trial.untilMillis()).toString());
    json.writeStringProperty("unconfirmed", trial.confirm() ? TAKEN_BACK : KEPT);
    json.writeNumberProperty("max_errors", trial.maxErrors());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, @Nullable TrialEnd end) {
    if (end == null) {
      return;
    }
    json.writeObjectPropertyStart("ends_trial");
    json.writeNumberProperty("revision", end.revision());
    json.writeStringProperty("outcome", end.kept() ? KEPT : TAKEN_BACK);
    json.writeEndObject();
  }

  private static @Nullable Trial trial(Json node) {
    return node.isThere()
        ? new Trial(
            Instant.parse(node.need("until").asText()).toEpochMilli(),
            node.need("unconfirmed").asText().equals(TAKEN_BACK),
            Math.toIntExact(node.need("max_errors").asNumber()))
        : null;
  }

  private static @Nullable TrialEnd end(Json node) {
    return node.isThere()
        ? new TrialEnd(node.need("revision").asNumber(), node.need("outcome").asText().equals(KEPT))
        : null;
  }

  private static byte[] line(Consumer<JsonGenerator> content) {
    String body = JsonText.asciiObject(content);
    return (checksum(body) + " " + body + "\n").getBytes(ISO_8859_1);
  }

  private static String checksum(String body) {
    CRC32C crc = new CRC32C();
    crc.update(body.getBytes(ISO_8859_1));
    return "%08x".formatted(crc.getValue());
  }

  private static void writeIfAny(JsonGenerator json, String name, String value) {
    if (!value.isEmpty()) {
      json.writeStringProperty(name, value);
    }
  }

  private static void writeValues(
      JsonGenerator json, String name, Map<String, @Nullable String> values) {
    json.writeObjectPropertyStart(name);
    for (Map.Entry<String, @Nullable String> entry : values.entrySet()) {
      String value = entry.getValue();
      if (value == null) {
        json.writeNullProperty(entry.getKey());
      } else {
        json.writeStringProperty(entry.getKey(), value);
      }
    }
    json.writeEndObject();
  }

  private static void writeDeadlines(JsonGenerator json, String name, Map<String, Long> deadlines) {
    if (deadlines.isEmpty()) {
      return;
    }
    json.writeObjectPropertyStart(name);
    deadlines.forEach(
        (key, millis) -> json.writeStringProperty(key, Instant.ofEpochMilli(millis).toString()));
    json.writeEndObject();
  }

  private static void write(
      JsonGenerator json, Delta.OfUpstream delta, @Nullable UpstreamState known) {
    json.writeStartObject();
    json.writeStringProperty("upstream", delta.name());
    UpstreamState before = delta.before();
    UpstreamState after = delta.after();
    if (isEdit(before, after) && before != null && before.equals(known)) {
      writeEdit(json, spec(before), spec(after));
    } else {
      json.writeName("before");
      write(json, before);
      json.writeName("after");
      write(json, after);
    }
    json.writeEndObject();
  }

  /// True if nothing but the servers differs.
  private static boolean isEdit(@Nullable UpstreamState before, @Nullable UpstreamState after) {
    if (before == null || after == null || before.spec() == null || after.spec() == null) {
      return false;
    }
    return java.util.Objects.equals(before.configured(), after.configured())
        && spec(before).method().equals(spec(after).method())
        && spec(before).keepalive().equals(spec(after).keepalive())
        && spec(before).options().equals(spec(after).options());
  }

  private static UpstreamSpec spec(@Nullable UpstreamState state) {
    UpstreamSpec spec = state == null ? null : state.spec();
    if (spec == null) {
      throw new IllegalStateException("no upstream where there should be one");
    }
    return spec;
  }

  private static void writeEdit(JsonGenerator json, UpstreamSpec before, UpstreamSpec after) {
    Map<Long, PeerSpec> old = byId(before);
    json.writeArrayPropertyStart("set");
    for (PeerSpec server : after.servers()) {
      if (!server.equals(old.get(server.id()))) {
        write(json, server);
      }
    }
    json.writeEndArray();
    Map<Long, PeerSpec> now = byId(after);
    json.writeArrayPropertyStart("gone");
    for (PeerSpec server : before.servers()) {
      if (!now.containsKey(server.id())) {
        json.writeNumber(server.id());
      }
    }
    json.writeEndArray();
    List<Long> order = after.servers().stream().map(PeerSpec::id).toList();
    if (!order.equals(usualOrder(before, after))) {
      json.writeArrayPropertyStart("order");
      order.forEach(json::writeNumber);
      json.writeEndArray();
    }
    json.writeNumberProperty("next", after.nextId());
  }

  /// Those that stay as they stood, then those that are new.
  private static List<Long> usualOrder(UpstreamSpec before, UpstreamSpec after) {
    List<Long> order = new ArrayList<>();
    Map<Long, PeerSpec> now = byId(after);
    Map<Long, PeerSpec> old = byId(before);
    before.servers().stream().map(PeerSpec::id).filter(now::containsKey).forEach(order::add);
    after.servers().stream()
        .map(PeerSpec::id)
        .filter(id -> !old.containsKey(id))
        .forEach(order::add);
    return order;
  }

  private static Map<Long, PeerSpec> byId(UpstreamSpec spec) {
    Map<Long, PeerSpec> servers = LinkedHashMap.newLinkedHashMap(spec.servers().size());
    spec.servers().forEach(server -> servers.put(server.id(), server));
    return servers;
  }

  private static void write(JsonGenerator json, @Nullable UpstreamState state) {
    if (state == null) {
      json.writeNull();
      return;
    }
    json.writeStartObject();
    json.writeStringProperty("name", state.name());
    UpstreamSpec spec = state.spec();
    if (spec != null) {
      json.writeName("spec");
      write(json, spec);
    }
    UpstreamSpec configured = state.configured();
    if (configured != null) {
      json.writeName("configured");
      write(json, configured);
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, UpstreamSpec spec) {
    json.writeStartObject();
    writeMembers(json, spec);
    json.writeEndObject();
  }

  /// What a group is, but for its name.
  static void writeMembers(JsonGenerator json, UpstreamSpec spec) {
    json.writeStringProperty("method", spec.method().text());
    Keepalive keepalive = spec.keepalive();
    if (!keepalive.equals(Keepalive.DEFAULT)) {
      json.writeArrayPropertyStart("keepalive");
      json.writeNumber(keepalive.connections());
      json.writeNumber(keepalive.requests());
      json.writeNumber(keepalive.timeMillis());
      json.writeNumber(keepalive.timeoutMillis());
      json.writeEndArray();
    }
    write(json, spec.options());
    json.writeNumberProperty("next", spec.nextId());
    json.writeArrayPropertyStart("servers");
    spec.servers().forEach(server -> write(json, server));
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, UpstreamOptions options) {
    String zone = options.zone();
    if (zone != null) {
      json.writeStringProperty("zone", zone);
    }
    Sticky sticky = options.sticky();
    if (sticky != null) {
      json.writeArrayPropertyStart("sticky");
      sticky.words().forEach(json::writeString);
      json.writeEndArray();
    }
    QueueLimits queue = options.queue();
    if (queue != null) {
      json.writeArrayPropertyStart("queue");
      json.writeNumber(queue.size());
      json.writeNumber(queue.timeoutMillis());
      json.writeEndArray();
    }
    HealthOptions health = options.health();
    writeUnless(json, "panic_threshold", health.panicThreshold(), 0);
    writeUnless(json, "max_ejected", health.maxEjected(), 100);
    CheckSpec check = health.check();
    if (check != null) {
      json.writeName("check");
      write(json, check);
    }
  }

  private static void write(JsonGenerator json, CheckSpec check) {
    json.writeStartObject();
    json.writeStringProperty("type", check.type().text());
    json.writeNumberProperty("interval_ms", check.intervalMillis());
    json.writeNumberProperty("timeout_ms", check.timeoutMillis());
    json.writeNumberProperty("fall", check.fall());
    json.writeNumberProperty("rise", check.rise());
    writeIfTrue(json, "default_down", check.defaultDown());
    writeUnless(json, "port", check.port(), 0);
    if (!check.send().equals(CheckSpec.STANDARD_REQUEST)) {
      json.writeStringProperty("send", check.send());
    }
    if (!check.alive().equals(CheckSpec.STANDARD_ALIVE)) {
      json.writeArrayPropertyStart("alive");
      check.aliveInOrder().forEach(json::writeNumber);
      json.writeEndArray();
    }
    writeUnless(json, "keepalive_requests", check.keepaliveRequests(), 1);
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, PeerSpec server) {
    PeerSpec usual = PeerSpec.of(server.server(), server.address());
    json.writeStartObject();
    json.writeNumberProperty("id", server.id());
    json.writeStringProperty("server", server.server());
    if (!server.address().text().equals(server.server())) {
      json.writeStringProperty("address", server.address().text());
    }
    writeUnless(json, "weight", server.weight(), usual.weight());
    writeUnless(json, "max_conns", server.maxConns(), usual.maxConns());
    writeUnless(json, "max_fails", server.maxFails(), usual.maxFails());
    writeUnless(json, "fail_timeout_ms", server.failTimeoutMillis(), usual.failTimeoutMillis());
    writeUnless(json, "slow_start_ms", server.slowStartMillis(), usual.slowStartMillis());
    writeIfTrue(json, "backup", server.backup());
    writeIfTrue(json, "down", server.down());
    writeIfTrue(json, "drain", server.drain());
    writeIfAny(json, "route", server.route());
    Canary canary = server.canary();
    if (canary != null) {
      json.writeArrayPropertyStart("canary");
      json.writeNumber(canary.percent());
      json.writeNumber(canary.good());
      json.writeNumber(canary.bad());
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private static void writeUnless(JsonGenerator json, String name, long value, long usual) {
    if (value != usual) {
      json.writeNumberProperty(name, value);
    }
  }

  private static void writeIfTrue(JsonGenerator json, String name, boolean value) {
    if (value) {
      json.writeBooleanProperty(name, true);
    }
  }

  // ---- reading

  /// The name under which an upstream is found: names differ in more than case.
  static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /// Checks a line, without its line feed, and returns its object.
  static Json parse(String line) throws Damaged {
    int space = line.indexOf(' ');
    if (space != 8 || !line.startsWith(checksum(line.substring(9)))) {
      throw new Damaged("its checksum is not that of its content");
    }
    try {
      return Json.parse(line.substring(9));
    } catch (Json.Malformed e) {
      throw new Damaged(String.valueOf(e.getMessage()));
    }
  }

  static Journal.Loaded head(Json node) throws Damaged {
    try {
      String format = node.textOr("journal", "");
      if (!format.equals(FORMAT)) {
        throw new Damaged("its format reads \"" + format + "\", not \"" + FORMAT + "\"");
      }
      Map<String, UpstreamState> upstreams = new HashMap<>();
      for (Json one : node.need("upstreams").asElements()) {
        UpstreamState state = state(one);
        upstreams.put(key(state.name()), state);
      }
      long revision = node.need("revision").asNumber();
      Map<String, KeyvalSnapshot> zones = new HashMap<>();
      for (Map.Entry<String, Json> zone : node.need("zones").asMembers().entrySet()) {
        Map<String, String> entries = new HashMap<>();
        zone.getValue().asMembers().forEach((key, value) -> entries.put(key, value.asText()));
        Json deadlines = node.get("deadlines");
        zones.put(
            zone.getKey(),
            KeyvalSnapshot.of(
                revision,
                entries,
                deadlines.isThere() ? deadlines(deadlines.get(zone.getKey())) : Map.of()));
      }
      return new Journal.Loaded(revision, upstreams, zones, List.of(), List.of());
    } catch (IllegalArgumentException | DateTimeParseException e) {
      throw new Damaged(String.valueOf(e.getMessage()));
    }
  }

  /// @param known the upstreams as the lines before leave them
  static JournalEntry entry(Json node, Map<String, UpstreamState> known) throws Damaged {
    try {
      List<Delta> deltas = new ArrayList<>();
      for (Json one : node.need("upstreams").asElements()) {
        deltas.add(upstream(one, known));
      }
      for (Json zone : node.need("zones").asElements()) {
        deltas.add(
            new Delta.OfZone(
                zone.need("zone").asText(),
                values(zone.need("before")),
                values(zone.need("after")),
                deadlines(zone.get("deadlines_before")),
                deadlines(zone.get("deadlines"))));
      }
      return new JournalEntry(
          node.need("revision").asNumber(),
          Instant.parse(node.need("time").asText()).toEpochMilli(),
          new Origin(
              node.need("dialect").asText(),
              node.textOr("who", ""),
              node.textOr("why", ""),
              node.textOr("from", "")),
          node.textOr("key", ""),
          deltas,
          trial(node.get("trial")),
          end(node.get("ends_trial")));
    } catch (IllegalArgumentException | ArithmeticException | DateTimeParseException e) {
      throw new Damaged(String.valueOf(e.getMessage()));
    }
  }

  private static Map<String, @Nullable String> values(Json node) {
    Map<String, @Nullable String> values = new LinkedHashMap<>();
    node.asMembers()
        .forEach((key, value) -> values.put(key, value.isThere() ? value.asText() : null));
    return values;
  }

  private static Map<String, Long> deadlines(Json node) {
    if (!node.isThere()) {
      return Map.of();
    }
    Map<String, Long> deadlines = new HashMap<>();
    node.asMembers()
        .forEach((key, time) -> deadlines.put(key, Instant.parse(time.asText()).toEpochMilli()));
    return deadlines;
  }

  private static Delta upstream(Json node, Map<String, UpstreamState> known) {
    String name = node.need("upstream").asText();
    if (!node.get("set").isThere()) {
      return new Delta.OfUpstream(
          name, nullableState(node.get("before")), nullableState(node.get("after")));
    }
    UpstreamState before = known.get(key(name));
    if (before == null) {
      throw new IllegalArgumentException("upstream \"" + name + "\" was not there before");
    }
    UpstreamSpec spec = spec(before);
    Map<Long, PeerSpec> servers = byId(spec);
    node.need("gone").asElements().forEach(id -> servers.remove(id.asNumber()));
    for (Json one : node.need("set").asElements()) {
      PeerSpec server = server(one);
      servers.put(server.id(), server);
    }
    List<PeerSpec> ordered = new ArrayList<>(servers.values());
    if (node.get("order").isThere()) {
      ordered.clear();
      for (Json id : node.need("order").asElements()) {
        PeerSpec server = servers.get(id.asNumber());
        if (server == null) {
          throw new IllegalArgumentException("no server has the id " + id.asNumber());
        }
        ordered.add(server);
      }
    }
    UpstreamSpec after = spec.withServers(ordered, node.need("next").asNumber());
    return new Delta.OfUpstream(name, before, before.with(after));
  }

  private static @Nullable UpstreamState nullableState(Json node) {
    return node.isThere() ? state(node) : null;
  }

  private static UpstreamState state(Json node) {
    String name = node.need("name").asText();
    Json spec = node.get("spec");
    Json configured = node.get("configured");
    return new UpstreamState(
        spec.isThere() ? spec(name, spec) : null,
        configured.isThere() ? spec(name, configured) : null);
  }

  /// The group that an object is.
  ///
  /// @throws IllegalArgumentException if it is none
  static UpstreamSpec spec(String name, Json node) {
    List<PeerSpec> servers = new ArrayList<>();
    node.need("servers").asElements().forEach(one -> servers.add(server(one)));
    Keepalive keepalive = Keepalive.DEFAULT;
    if (node.get("keepalive").isThere()) {
      List<Json> numbers = node.need("keepalive").asElements();
      keepalive =
          new Keepalive(
              item(numbers, 0).asInt(),
              item(numbers, 1).asInt(),
              item(numbers, 2).asNumber(),
              item(numbers, 3).asNumber());
    }
    return new UpstreamSpec(
        name,
        servers,
        BalancingMethod.parse(node.need("method").asText()),
        keepalive,
        options(node),
        node.need("next").asNumber());
  }

  private static UpstreamOptions options(Json node) {
    Json queue = node.get("queue");
    return new UpstreamOptions(
        node.get("zone").isThere() ? node.get("zone").asText() : null,
        node.get("sticky").isThere()
            ? Sticky.parse(node.need("sticky").asElements().stream().map(Json::asText).toList())
            : null,
        queue.isThere()
            ? new QueueLimits(
                item(queue.asElements(), 0).asInt(), item(queue.asElements(), 1).asNumber())
            : null,
        new HealthOptions(
            node.intOr("panic_threshold", 0),
            node.intOr("max_ejected", 100),
            node.get("check").isThere() ? check(node.get("check")) : null));
  }

  private static CheckSpec check(Json node) {
    String type = node.need("type").asText();
    Json alive = node.get("alive");
    return new CheckSpec(
        CheckSpec.Type.valueOf(type.toUpperCase(Locale.ROOT)),
        node.need("interval_ms").asNumber(),
        node.need("timeout_ms").asNumber(),
        node.need("fall").asInt(),
        node.need("rise").asInt(),
        node.get("default_down").isThere(),
        node.intOr("port", 0),
        node.textOr("send", CheckSpec.STANDARD_REQUEST),
        alive.isThere()
            ? alive.asElements().stream().map(Json::asInt).collect(Collectors.toSet())
            : CheckSpec.STANDARD_ALIVE,
        node.intOr("keepalive_requests", 1));
  }

  private static PeerSpec server(Json node) {
    String server = node.need("server").asText();
    PeerSpec usual = PeerSpec.of(server, PeerAddress.parse(node.textOr("address", server)));
    return usual
        .withId(node.need("id").asNumber())
        .withWeight(node.intOr("weight", usual.weight()))
        .withMaxConns(node.intOr("max_conns", usual.maxConns()))
        .withFailures(
            node.intOr("max_fails", usual.maxFails()),
            node.numberOr("fail_timeout_ms", usual.failTimeoutMillis()))
        .withSlowStart(node.numberOr("slow_start_ms", usual.slowStartMillis()))
        .withBackup(node.get("backup").isThere())
        .withDown(node.get("down").isThere())
        .withDrain(node.get("drain").isThere())
        .withRoute(node.textOr("route", ""))
        .withCanary(canary(node.get("canary")));
  }

  private static @Nullable Canary canary(Json node) {
    if (!node.isThere()) {
      return null;
    }
    List<Json> numbers = node.asElements();
    return new Canary(item(numbers, 0).asInt(), item(numbers, 1).asInt(), item(numbers, 2).asInt());
  }

  private static Json item(List<Json> list, int index) {
    return index < list.size() ? list.get(index) : Json.none();
  }
}

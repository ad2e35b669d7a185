package dev.turnout.cluster.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.Journal;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.Trial;
import dev.turnout.cluster.UpstreamState;
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
import java.io.StringWriter;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

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

  static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

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

  private static void write(JsonGenerator json, Trial.@Nullable End end) {
    if (end == null) {
      return;
    }
    json.writeObjectPropertyStart("ends_trial");
    json.writeNumberProperty("revision", end.revision());
    json.writeStringProperty("outcome", end.kept() ? KEPT : TAKEN_BACK);
    json.writeEndObject();
  }

  private static @Nullable Trial trial(Node node) {
    return node.isThere()
        ? new Trial(
            Instant.parse(node.get("until").text()).toEpochMilli(),
            node.get("unconfirmed").text().equals(TAKEN_BACK),
            Math.toIntExact(node.get("max_errors").number()))
        : null;
  }

  private static Trial.@Nullable End end(Node node) {
    return node.isThere()
        ? new Trial.End(node.get("revision").number(), node.get("outcome").text().equals(KEPT))
        : null;
  }

  private interface Content {
    void write(JsonGenerator json);
  }

  private static byte[] line(Content content) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      content.write(json);
      json.writeEndObject();
    }
    String body = text.toString();
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
  static Map<String, Object> parse(String line) throws Damaged {
    int space = line.indexOf(' ');
    if (space != 8 || !line.startsWith(checksum(line.substring(9)))) {
      throw new Damaged("its checksum is not that of its content");
    }
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), line.substring(9))) {
      parser.nextToken();
      return new Node(read(parser)).map();
    } catch (JacksonException | IllegalArgumentException e) {
      throw new Damaged(String.valueOf(e.getMessage()));
    }
  }

  /// The object that a text is.
  ///
  /// @throws JacksonException if it is none
  /// @throws IllegalArgumentException if it is something else
  static Map<String, Object> object(String text) {
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
      parser.nextToken();
      Map<String, Object> object = new Node(read(parser)).map();
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("there is something after the object");
      }
      return object;
    }
  }

  /// The group that an object is.
  ///
  /// @throws IllegalArgumentException if it is none
  static UpstreamSpec spec(String name, Map<String, Object> object) {
    return spec(name, new Node(object));
  }

  private static @Nullable Object read(JsonParser parser) {
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          fields.put(name, read(parser));
        }
        yield fields;
      }
      case START_ARRAY -> {
        List<@Nullable Object> values = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          values.add(read(parser));
        }
        yield values;
      }
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw new IllegalArgumentException("a value of a kind that is not used here");
    };
  }

  /// A value that was read, asked for as what it has to be.
  private record Node(@Nullable Object value) {
    @SuppressWarnings("unchecked")
    Map<String, Object> map() {
      if (value instanceof Map<?, ?> map) {
        return (Map<String, Object>) map;
      }
      throw new IllegalArgumentException("not an object: " + value);
    }

    @SuppressWarnings("unchecked")
    List<Object> list() {
      if (value instanceof List<?> list) {
        return (List<Object>) list;
      }
      throw new IllegalArgumentException("not a list: " + value);
    }

    Node get(String name) {
      return new Node(map().get(name));
    }

    boolean isThere() {
      return value != null;
    }

    String text() {
      if (value instanceof String text) {
        return text;
      }
      throw new IllegalArgumentException("not a text: " + value);
    }

    List<String> texts() {
      return list().stream().map(one -> new Node(one).text()).toList();
    }

    String textOr(String otherwise) {
      return value == null ? otherwise : text();
    }

    long number() {
      if (value instanceof Long number) {
        return number;
      }
      throw new IllegalArgumentException("not a number: " + value);
    }

    long numberOr(long otherwise) {
      return value == null ? otherwise : number();
    }
  }

  static Journal.Loaded head(Map<String, Object> object) throws Damaged {
    try {
      Node node = new Node(object);
      String format = node.get("journal").textOr("");
      if (!format.equals(FORMAT)) {
        throw new Damaged("its format reads \"" + format + "\", not \"" + FORMAT + "\"");
      }
      Map<String, UpstreamState> upstreams = new HashMap<>();
      for (Object one : node.get("upstreams").list()) {
        UpstreamState state = state(new Node(one));
        upstreams.put(key(state.name()), state);
      }
      long revision = node.get("revision").number();
      Map<String, KeyvalSnapshot> zones = new HashMap<>();
      for (Map.Entry<String, Object> zone : node.get("zones").map().entrySet()) {
        Map<String, String> entries = new HashMap<>();
        new Node(zone.getValue())
            .map()
            .forEach((key, value) -> entries.put(key, new Node(value).text()));
        Node deadlines = node.get("deadlines");
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
  static JournalEntry entry(Map<String, Object> object, Map<String, UpstreamState> known)
      throws Damaged {
    try {
      Node node = new Node(object);
      List<Delta> deltas = new ArrayList<>();
      for (Object one : node.get("upstreams").list()) {
        deltas.add(upstream(new Node(one), known));
      }
      for (Object one : node.get("zones").list()) {
        Node zone = new Node(one);
        deltas.add(
            new Delta.OfZone(
                zone.get("zone").text(),
                values(zone.get("before")),
                values(zone.get("after")),
                deadlines(zone.get("deadlines_before")),
                deadlines(zone.get("deadlines"))));
      }
      return new JournalEntry(
          node.get("revision").number(),
          Instant.parse(node.get("time").text()).toEpochMilli(),
          new Origin(
              node.get("dialect").text(),
              node.get("who").textOr(""),
              node.get("why").textOr(""),
              node.get("from").textOr("")),
          node.get("key").textOr(""),
          deltas,
          trial(node.get("trial")),
          end(node.get("ends_trial")));
    } catch (IllegalArgumentException | ArithmeticException | DateTimeParseException e) {
      throw new Damaged(String.valueOf(e.getMessage()));
    }
  }

  private static Map<String, @Nullable String> values(Node node) {
    Map<String, @Nullable String> values = new LinkedHashMap<>();
    node.map().forEach((key, value) -> values.put(key, value == null ? null : value.toString()));
    return values;
  }

  private static Map<String, Long> deadlines(Node node) {
    if (!node.isThere()) {
      return Map.of();
    }
    Map<String, Long> deadlines = new HashMap<>();
    node.map()
        .forEach(
            (key, time) -> deadlines.put(key, Instant.parse(new Node(time).text()).toEpochMilli()));
    return deadlines;
  }

  private static Delta upstream(Node node, Map<String, UpstreamState> known) {
    String name = node.get("upstream").text();
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
    node.get("gone").list().forEach(id -> servers.remove(new Node(id).number()));
    for (Object one : node.get("set").list()) {
      PeerSpec server = server(new Node(one));
      servers.put(server.id(), server);
    }
    List<PeerSpec> ordered = new ArrayList<>(servers.values());
    if (node.get("order").isThere()) {
      ordered.clear();
      for (Object id : node.get("order").list()) {
        PeerSpec server = servers.get(new Node(id).number());
        if (server == null) {
          throw new IllegalArgumentException("no server has the id " + id);
        }
        ordered.add(server);
      }
    }
    UpstreamSpec after = spec.withServers(ordered, node.get("next").number());
    return new Delta.OfUpstream(name, before, before.with(after));
  }

  private static @Nullable UpstreamState nullableState(Node node) {
    return node.isThere() ? state(node) : null;
  }

  private static UpstreamState state(Node node) {
    String name = node.get("name").text();
    Node spec = node.get("spec");
    Node configured = node.get("configured");
    return new UpstreamState(
        spec.isThere() ? spec(name, spec) : null,
        configured.isThere() ? spec(name, configured) : null);
  }

  private static UpstreamSpec spec(String name, Node node) {
    List<PeerSpec> servers = new ArrayList<>();
    node.get("servers").list().forEach(one -> servers.add(server(new Node(one))));
    Keepalive keepalive = Keepalive.DEFAULT;
    if (node.get("keepalive").isThere()) {
      List<Object> numbers = node.get("keepalive").list();
      keepalive =
          new Keepalive(
              Math.toIntExact(new Node(numbers.get(0)).number()),
              Math.toIntExact(new Node(numbers.get(1)).number()),
              new Node(numbers.get(2)).number(),
              new Node(numbers.get(3)).number());
    }
    return new UpstreamSpec(
        name,
        servers,
        BalancingMethod.parse(node.get("method").text()),
        keepalive,
        options(node),
        node.get("next").number());
  }

  private static UpstreamOptions options(Node node) {
    Node queue = node.get("queue");
    return new UpstreamOptions(
        node.get("zone").isThere() ? node.get("zone").text() : null,
        node.get("sticky").isThere() ? Sticky.parse(node.get("sticky").texts()) : null,
        queue.isThere()
            ? new QueueLimits(
                Math.toIntExact(new Node(queue.list().get(0)).number()),
                new Node(queue.list().get(1)).number())
            : null,
        new HealthOptions(
            Math.toIntExact(node.get("panic_threshold").numberOr(0)),
            Math.toIntExact(node.get("max_ejected").numberOr(100)),
            node.get("check").isThere() ? check(node.get("check")) : null));
  }

  private static CheckSpec check(Node node) {
    String type = node.get("type").text();
    Node alive = node.get("alive");
    return new CheckSpec(
        CheckSpec.Type.valueOf(type.toUpperCase(Locale.ROOT)),
        node.get("interval_ms").number(),
        node.get("timeout_ms").number(),
        Math.toIntExact(node.get("fall").number()),
        Math.toIntExact(node.get("rise").number()),
        node.get("default_down").isThere(),
        Math.toIntExact(node.get("port").numberOr(0)),
        node.get("send").textOr(CheckSpec.STANDARD_REQUEST),
        alive.isThere()
            ? alive.list().stream()
                .map(digit -> Math.toIntExact(new Node(digit).number()))
                .collect(Collectors.toSet())
            : CheckSpec.STANDARD_ALIVE,
        Math.toIntExact(node.get("keepalive_requests").numberOr(1)));
  }

  private static PeerSpec server(Node node) {
    String server = node.get("server").text();
    PeerSpec usual = PeerSpec.of(server, PeerAddress.parse(node.get("address").textOr(server)));
    return usual
        .withId(node.get("id").number())
        .withWeight(Math.toIntExact(node.get("weight").numberOr(usual.weight())))
        .withMaxConns(Math.toIntExact(node.get("max_conns").numberOr(usual.maxConns())))
        .withFailures(
            Math.toIntExact(node.get("max_fails").numberOr(usual.maxFails())),
            node.get("fail_timeout_ms").numberOr(usual.failTimeoutMillis()))
        .withSlowStart(node.get("slow_start_ms").numberOr(usual.slowStartMillis()))
        .withBackup(node.get("backup").isThere())
        .withDown(node.get("down").isThere())
        .withDrain(node.get("drain").isThere())
        .withRoute(node.get("route").textOr(""))
        .withCanary(canary(node.get("canary")));
  }

  private static @Nullable Canary canary(Node node) {
    if (!node.isThere()) {
      return null;
    }
    List<Object> numbers = node.list();
    return new Canary(
        Math.toIntExact(new Node(numbers.get(0)).number()),
        Math.toIntExact(new Node(numbers.get(1)).number()),
        Math.toIntExact(new Node(numbers.get(2)).number()));
  }
}

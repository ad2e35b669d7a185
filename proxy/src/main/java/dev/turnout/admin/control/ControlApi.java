package dev.turnout.admin.control;

import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.config.NearestNames;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.ControlPlane;
import dev.turnout.control.Drain;
import dev.turnout.control.Drains;
import dev.turnout.control.Events;
import dev.turnout.control.History;
import dev.turnout.control.Operation;
import dev.turnout.control.Sharing;
import dev.turnout.control.StoreStatus;
import dev.turnout.control.Timeline;
import dev.turnout.discovery.FollowerStatus;
import dev.turnout.discovery.Followers;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.http.UriEscape;
import dev.turnout.json.JsonText;
import dev.turnout.scale.ScaleView;
import dev.turnout.scale.Scalers;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// What the API answers, route by route; `openapi.json` describes it. Everything here may wait, and
/// runs on virtual threads.
final class ControlApi {
  private static final String OPENAPI = "openapi.json";
  private static final long LONGEST_WAIT = 60_000;
  private static final int USUAL_REVISIONS = 100;
  private static final int MOST_REVISIONS = 1000;
  private static final int MOST_EVENTS = 1000;
  private static final long USUAL_CLUSTER_WAIT = 5_000;
  private static final Set<String> CHANGE =
      Set.of("dry_run", "force", "who", "why", "wait", "wait_timeout");

  private static final Set<String> BY_HAND = Set.of("who", "why");
  private static final long LONGEST_BY_HAND = 7 * 86_400_000L;

  private final ControlPlane control;
  private final HttpEnvironment environment;
  private final Scalers scalers;
  private final Changes changes;
  private final OperationReader operations;
  private final List<Route> routes = new ArrayList<>();

  /// @param blocks what reads the settings of new upstreams
  ControlApi(
      ControlPlane control, HttpEnvironment environment, OperationReader.BlockReader blocks) {
    this.control = control;
    this.environment = environment;
    this.scalers = Scalers.of(environment, control);
    this.changes = new Changes(control.writer());
    this.operations =
        new OperationReader(name -> environment.zones().find(name), this::reader, blocks);

    get("", Set.of(), this::index);
    get("openapi.json", Set.of(), _ -> openapi());
    get("state", Set.of("at"), this::state);
    get("figures", Set.of("latency"), this::figures);
    get("timeline", Set.of("since"), this::timeline);
    get("upstreams", Set.of(), this::upstreams);
    change("POST", "upstreams", true, this::createUpstream);
    get("upstreams/{upstream}", Set.of(), this::upstream);
    change("PUT", "upstreams/{upstream}", true, this::replaceServers);
    change("DELETE", "upstreams/{upstream}", false, this::deleteUpstream);
    get("upstreams/{upstream}/servers", Set.of(), this::servers);
    change("POST", "upstreams/{upstream}/servers", true, this::addServer);
    get("upstreams/{upstream}/servers/{id}", Set.of(), this::server);
    change("PATCH", "upstreams/{upstream}/servers/{id}", true, this::updateServer);
    change("DELETE", "upstreams/{upstream}/servers/{id}", false, this::removeServer);
    route(
        "POST",
        "upstreams/{upstream}/servers/{id}/drain",
        Set.of("force", "who", "why"),
        true,
        this::beginDrain);
    get("zones", Set.of(), this::zones);
    get("zones/{zone}", Set.of(), this::zone);
    key("GET", Set.of(), false, this::key);
    key("PUT", CHANGE, true, this::setKey);
    key("DELETE", CHANGE, false, this::deleteKey);
    route(
        "POST", "changes", Set.of("dry_run", "force", "wait", "wait_timeout"), true, this::change);
    get("revisions", Set.of("since", "limit"), this::revisions);
    get("revisions/{revision}", Set.of(), this::revision);
    change("POST", "revisions/{revision}/restore", false, this::restore);
    change("POST", "revisions/{revision}/undo", false, this::undo);
    get("autoscale", Set.of(), this::autoscalers);
    get("autoscale/{upstream}", Set.of(), this::autoscaler);
    route("PUT", "autoscale/{upstream}/override", BY_HAND, true, this::scaleByHand);
    route("DELETE", "autoscale/{upstream}/override", BY_HAND, false, this::scaleByItself);
    get("drains", Set.of(), this::drains);
    get("drains/{drain}", Set.of("wait"), this::drain);
    route("DELETE", "drains/{drain}", Set.of("force", "who", "why"), false, this::cancelDrain);
    get("nodes", Set.of(), this::nodes);
    get("sources", Set.of(), this::sources);
    get("events", Set.of("since", "wait", "limit"), this::events);
  }

  private void get(String template, Set<String> query, Route.Handler handler) {
    route("GET", template, query, false, handler);
  }

  private void change(String method, String template, boolean body, Route.Handler handler) {
    route(method, template, CHANGE, body, handler);
  }

  private void key(String method, Set<String> query, boolean body, Route.Handler handler) {
    List<String> template = List.of("zones", "{zone}", "keys", "{key}");
    routes.add(new Route(method, template, query, body, true, handler));
  }

  private void route(
      String method, String template, Set<String> query, boolean body, Route.Handler handler) {
    List<String> parts = template.isEmpty() ? List.of() : List.of(template.split("/"));
    routes.add(new Route(method, parts, query, body, false, handler));
  }

  /// A route that fits a path, and what the path has for its names.
  record Found(Route route, Map<String, String> parameters) {}

  /// The route of a request.
  ///
  /// @throws Problem if there is none
  Found find(String method, List<String> path, boolean writable) {
    TreeSet<String> others = new TreeSet<>();
    for (Route route : routes) {
      Map<String, String> parameters = route.match(path);
      if (parameters == null) {
        continue;
      }
      if (!route.method().equals(method)) {
        others.add(route.method());
      } else if (route.changes() && !writable) {
        throw Problem.of(405, "read_only", "this location is for reading only")
            .hint("control_api write=on; allows changes");
      } else {
        return new Found(route, parameters);
      }
    }
    if (others.isEmpty()) {
      List<String> roots =
          routes.stream()
              .filter(route -> !route.template().isEmpty())
              .map(route -> route.template().getFirst())
              .distinct()
              .toList();
      List<String> near = path.isEmpty() ? roots : NearestNames.of(path.getFirst(), roots);
      throw Problem.of(404, "not_found", "there is nothing at /" + String.join("/", path))
          .at("path")
          .hint(
              near.isEmpty()
                  ? "GET /openapi.json tells what there is"
                  : "did you mean " + String.join(" or ", near) + "?");
    }
    throw Problem.of(405, "wrong_method", method + " is not for this path")
        .hint("allowed here: " + String.join(", ", others));
  }

  /// The methods that a path has.
  List<String> methods(List<String> path) {
    return routes.stream()
        .filter(route -> route.match(path) != null)
        .map(Route::method)
        .sorted()
        .toList();
  }

  /// The revision that is in force.
  private long revision() {
    return control.writer().<Long>consistently(revision -> revision);
  }

  private Answer index(Call call) {
    long revision = revision();
    return Answer.json(
            200,
            out -> {
              out.writeStartObject();
              out.writeStringProperty("api", "turnout-control/1");
              out.writeStringProperty("openapi", call.base() + "/" + OPENAPI);
              out.writeNumberProperty("revision", revision);
              Views.asker(out, call);
              out.writeEndObject();
            })
        .withRevision(revision);
  }

  private static Answer openapi() {
    try (InputStream in = ControlApi.class.getResourceAsStream(OPENAPI)) {
      if (in == null) {
        throw new IllegalStateException(OPENAPI + " is not in the program");
      }
      return new Answer(200, "application/json", List.of(), in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- reading

  /// All that is wanted, at one revision.
  private record State(
      long revision, Map<String, UpstreamState> upstreams, Map<KeyvalZone, KeyvalSnapshot> zones) {}

  private State present() {
    return control
        .writer()
        .consistently(revision -> {
          Map<KeyvalZone, KeyvalSnapshot> zones = new HashMap<>();
          environment.zones().all().forEach(zone -> zones.put(zone, zone.snapshot()));
          return new State(revision, environment.upstreams().states(), zones);
        });
  }

  private Answer state(Call call) {
    State present = present();
    String at = call.query().get("at");
    if (at == null) {
      return state(present, true);
    }
    long revision = revisionOf(at, present.revision);
    History history = changes.history();
    Optional<History.Then> then =
        revision > present.revision ? Optional.empty() : history.at(revision);
    if (then.isEmpty()) {
      throw Changes.problem(
              new ChangeResult.UnknownRevision(revision, history.oldest(), present.revision),
              _ -> "")
          .at("query:at");
    }
    Map<String, UpstreamState> upstreams = new HashMap<>(present.upstreams);
    then.get()
        .upstreams()
        .forEach((name, state) -> {
          if (state == null) {
            upstreams.remove(name);
          } else {
            upstreams.put(name, state);
          }
        });
    Map<KeyvalZone, KeyvalSnapshot> zones = new HashMap<>();
    present.zones.forEach((zone, now) -> {
      Map<String, @Nullable String> old = then.get().zones().getOrDefault(zone.name(), Map.of());
      zones.put(zone, old.isEmpty() ? now : past(now, old, revision));
    });
    return state(new State(revision, upstreams, zones), false);
  }

  private static KeyvalSnapshot past(
      KeyvalSnapshot now, Map<String, @Nullable String> old, long revision) {
    Map<String, String> entries = new HashMap<>(now.entries());
    old.forEach((key, value) -> {
      if (value == null) {
        entries.remove(key);
      } else {
        entries.put(key, value);
      }
    });
    return KeyvalSnapshot.of(revision, entries);
  }

  private long revisionOf(String at, long present) {
    if (!at.isEmpty() && at.length() < 19 && at.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return Long.parseLong(at);
    }
    try {
      long millis = OffsetDateTime.parse(at.replace(' ', '+')).toInstant().toEpochMilli();
      return Math.min(
          present,
          changes
              .history()
              .revisionAt(millis)
              .orElseThrow(() ->
                  Problem.of(404, "unknown_revision", "the history does not go back to " + at)
                      .at("query:at")
                      .hint("it begins after revision " + changes.history().oldest())));
    } catch (DateTimeException _) {
      throw Problem.of(400, "invalid_argument", "\"at\" is \"" + at + "\"")
          .at("query:at")
          .hint("a revision, or a time such as 2026-01-31T14:03:00Z");
    }
  }

  private Answer state(State state, boolean live) {
    Long time = changes.history().entry(state.revision).map(JournalEntry::timeMillis).orElse(null);
    return Answer.json(
            200,
            out -> {
              out.writeStartObject();
              out.writeNumberProperty("revision", state.revision);
              JsonText.write(out, "time", time == null ? null : Views.time(time));
              out.writeNumberProperty("oldest_revision", changes.history().oldest());
              out.writeArrayPropertyStart("upstreams");
              new TreeMap<>(state.upstreams)
                  .values()
                  .forEach(one -> StateView.upstream(out, one, live ? find(one) : null));
              out.writeEndArray();
              out.writeArrayPropertyStart("zones");
              state.zones.keySet().stream()
                  .sorted(java.util.Comparator.comparing(KeyvalZone::name))
                  .forEach(zone -> StateView.zone(out, zone, content(state, zone)));
              out.writeEndArray();
              StoreStatus store = control.sharing().status();
              if (live && store.link() != StoreStatus.Link.NONE) {
                out.writeName("store");
                Views.store(out, store);
              }
              out.writeEndObject();
            })
        .withRevision(state.revision);
  }

  private static KeyvalSnapshot content(State state, KeyvalZone zone) {
    return java.util.Objects.requireNonNull(state.zones.get(zone));
  }

  private @Nullable Upstream find(UpstreamState state) {
    return state.spec() == null ? null : environment.upstreams().find(state.name());
  }

  /// What is measured, of all servers at once, for those who ask each second. The entity tag is of
  /// the contents, so what has not moved is not sent again.
  private Answer figures(Call call) {
    String wide = call.query().get("latency");
    if (wide != null) {
      upstream(present(), wide);
    }
    Answer answer =
        Answer.json(
            200,
            out -> {
              out.writeStartObject();
              out.writeArrayPropertyStart("upstreams");
              for (Upstream one : environment.upstreams().all()) {
                FiguresView.upstream(out, one, one.name().equalsIgnoreCase(wide));
              }
              out.writeEndArray();
              out.writeEndObject();
            });
    return answer.with("ETag", "W/\"" + HexFormat.of().toHexDigits(crc(answer)) + "\"");
  }

  private static long crc(Answer answer) {
    CRC32C sum = new CRC32C();
    sum.update(answer.body());
    return sum.getValue() << 32 | answer.body().length;
  }

  /// What each second of the last hour was like.
  private Answer timeline(Call call) {
    long since = call.number("since", 0, 0, Long.MAX_VALUE);
    Timeline timeline = control.timeline();
    return Answer.json(200, out -> FiguresView.timeline(out, timeline, since));
  }

  private Answer upstreams(Call call) {
    State present = present();
    return Answer.json(
            200,
            out -> {
              out.writeStartArray();
              new TreeMap<>(present.upstreams)
                  .values()
                  .forEach(one -> StateView.upstream(out, one, find(one)));
              out.writeEndArray();
            })
        .withRevision(present.revision);
  }

  private static UpstreamState upstream(State state, String name) {
    UpstreamState found = state.upstreams.get(name.toLowerCase(Locale.ROOT));
    if (found == null) {
      List<String> names = state.upstreams.values().stream().map(UpstreamState::name).toList();
      List<String> near = NearestNames.of(name, names);
      throw Problem.of(404, "unknown_upstream", "upstream \"" + name + "\" not found")
          .at("path")
          .hint(near.isEmpty() ? "" : "did you mean " + String.join(" or ", near) + "?");
    }
    return found;
  }

  private Answer upstream(Call call) {
    State present = present();
    UpstreamState found = upstream(present, call.parameter("upstream"));
    return Answer.json(200, out -> StateView.upstream(out, found, find(found)))
        .withRevision(present.revision);
  }

  private Answer servers(Call call) {
    State present = present();
    UpstreamState found = upstream(present, call.parameter("upstream"));
    var peers = StateView.peers(find(found));
    return Answer.json(
            200,
            out -> {
              out.writeStartArray();
              if (found.spec() != null) {
                found
                    .spec()
                    .servers()
                    .forEach(server ->
                        StateView.server(out, server, peers.getOrDefault(server.id(), List.of())));
              }
              out.writeEndArray();
            })
        .withRevision(present.revision);
  }

  private Answer server(Call call) {
    State present = present();
    UpstreamState found = upstream(present, call.parameter("upstream"));
    PeerSpec server = Changes.server(found.spec(), call.number("id"));
    if (server == null) {
      throw Problem.of(
              404,
              "unknown_server",
              "upstream \"" + found.name() + "\" has no server " + call.number("id"))
          .at("path");
    }
    var peers = StateView.peers(find(found));
    return Answer.json(
            200, out -> StateView.server(out, server, peers.getOrDefault(server.id(), List.of())))
        .withRevision(present.revision);
  }

  private Answer zones(Call call) {
    State present = present();
    return Answer.json(
            200,
            out -> {
              out.writeStartArray();
              present.zones.keySet().stream()
                  .sorted(java.util.Comparator.comparing(KeyvalZone::name))
                  .forEach(zone -> StateView.zoneSummary(out, zone, content(present, zone)));
              out.writeEndArray();
            })
        .withRevision(present.revision);
  }

  private KeyvalZone findZone(Call call) {
    String name = call.parameter("zone");
    KeyvalZone zone = environment.zones().find(name);
    if (zone == null) {
      List<String> near =
          NearestNames.of(name, environment.zones().all().stream().map(KeyvalZone::name).toList());
      throw Problem.of(404, "unknown_zone", "there is no zone \"" + name + "\"")
          .at("path")
          .hint(near.isEmpty() ? "" : "did you mean " + String.join(" or ", near) + "?");
    }
    return zone;
  }

  private Answer zone(Call call) {
    KeyvalZone zone = findZone(call);
    record Content(long revision, KeyvalSnapshot entries) {}
    Content content =
        control.writer().consistently(revision -> new Content(revision, zone.snapshot()));
    return Answer.json(200, out -> StateView.zone(out, zone, content.entries))
        .withRevision(content.revision);
  }

  private Answer key(Call call) {
    KeyvalZone zone = findZone(call);
    record Value(long revision, @Nullable String value) {}
    Value value =
        control
            .writer()
            .consistently(revision ->
                new Value(
                    revision,
                    zone.snapshot().get(call.parameter("key"), System.currentTimeMillis())));
    String found = value.value;
    if (found == null) {
      throw unknownKey(call);
    }
    return Answer.json(
            200,
            out -> {
              out.writeStartObject();
              JsonText.write(out, "key", call.parameter("key"));
              JsonText.write(out, "value", found);
              out.writeEndObject();
            })
        .withRevision(value.revision);
  }

  private static Problem unknownKey(Call call) {
    return Problem.of(
            404,
            "unknown_key",
            "zone \"%s\" has no key \"%s\""
                .formatted(call.parameter("zone"), call.parameter("key")))
        .at("path");
  }

  // ---- changing

  private ServerReader reader(String upstream) {
    Upstream there = environment.upstreams().find(upstream);
    return new ServerReader(there != null && environment.upstreams().hasResolver(there));
  }

  private Answer changed(Call call, int status, ChangeRequest request) {
    long patience = patience(call);
    return made(status, request, changes.make(request), patience);
  }

  /// How long a change waits for the other nodes; 0: not at all.
  private static long patience(Call call) {
    Long wanted = call.wait("wait_timeout", LONGEST_WAIT);
    String wait = call.query().get("wait");
    if (wait == null) {
      return 0;
    }
    if (!wait.equals("cluster")) {
      throw Problem.of(400, "invalid_argument", "\"wait\" is \"" + wait + "\"")
          .at("query:wait")
          .hint("cluster");
    }
    return wanted == null ? USUAL_CLUSTER_WAIT : Math.max(1, wanted);
  }

  /// What a change has come to, here and, if somebody waits for that, on the other nodes.
  private Answer made(
      int status, ChangeRequest request, ChangeResult.Applied applied, long patience) {
    Sharing sharing = control.sharing();
    StoreStatus.Spread spread = null;
    if (patience > 0 && !request.dryRun()) {
      try {
        spread = sharing.awaitEverywhere(applied.revision(), patience).orElse(null);
      } catch (IOException e) {
        spread = new StoreStatus.Spread(List.of(), List.of(String.valueOf(e.getMessage())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Problem.of(503, "unavailable", "the node is stopping");
      }
    }
    boolean everywhere = spread == null || spread.missing().isEmpty();
    return changes.answer(
        everywhere ? status : 202, request, applied, sharing.isKept(applied.revision()), spread);
  }

  private Answer change(Call call) {
    Members body = call.members();
    OperationReader.Described described =
        operations.read(body.needObjects("operations"), "/operations");
    String who = body.text("who", "");
    String why = body.text("why", "");
    body.end();
    ChangeRequest request = call.change(described.operations, who, why);
    long patience = patience(call);
    return made(200, request, changes.make(request, described::place), patience);
  }

  private Answer createUpstream(Call call) {
    Members body = call.members();
    Operation.CreateUpstream create =
        new Operation.CreateUpstream(operations.upstream(body, "name"));
    body.end();
    ChangeRequest request = call.change(List.of(create));
    return changed(call, 201, request)
        .with("Location", call.base() + "/upstreams/" + segment(create.spec().name()));
  }

  private static String segment(String name) {
    return UriEscape.URI.escape(name).replace("/", "%2F").replace("?", "%3F");
  }

  private Answer replaceServers(Call call) {
    Members body = call.members();
    List<PeerSpec> servers = OperationReader.servers(body, reader(call.parameter("upstream")));
    body.end();
    return edit(call, new UpstreamChange.Replace(servers));
  }

  private Answer edit(Call call, UpstreamChange change) {
    return changed(
        call,
        200,
        call.change(List.of(new Operation.EditUpstream(call.parameter("upstream"), change))));
  }

  private Answer deleteUpstream(Call call) {
    return changed(
        call, 200, call.change(List.of(new Operation.DeleteUpstream(call.parameter("upstream")))));
  }

  private Answer addServer(Call call) {
    String upstream = call.parameter("upstream");
    List<Operation> adds = new ArrayList<>();
    for (PeerSpec server : reader(upstream).servers(call.members(), false)) {
      adds.add(new Operation.EditUpstream(upstream, new UpstreamChange.Add(server)));
    }
    long patience = patience(call);
    ChangeRequest request = call.change(adds);
    ChangeResult.Applied applied = changes.make(request);
    Answer answer = made(201, request, applied, patience);
    List<PeerSpec> added = Changes.added(applied.deltas());
    return added.size() != 1
        ? answer
        : answer.with(
            "Location",
            call.base() + "/upstreams/" + segment(upstream) + "/servers/" + added.getFirst().id());
  }

  private Answer updateServer(Call call) {
    return edit(
        call,
        new UpstreamChange.Update(
            call.number("id"), reader(call.parameter("upstream")).patch(call.members())));
  }

  private Answer removeServer(Call call) {
    return edit(call, new UpstreamChange.Remove(call.number("id")));
  }

  private Answer setKey(Call call) {
    KeyvalZone zone = findZone(call);
    Members body = call.members();
    Operation set =
        OperationReader.setKey(
            zone,
            call.parameter("key"),
            body.needText("value"),
            body.millis("expire"),
            body.place("expire"),
            Boolean.TRUE.equals(body.truth("if_absent")),
            body.text("if_value"));
    body.end();
    return changed(call, 200, call.change(List.of(set)));
  }

  private Answer deleteKey(Call call) {
    KeyvalZone zone = findZone(call);
    String key = call.parameter("key");
    return changed(
        call,
        200,
        call.change(
            List.of(
                new Operation.EditZone(zone, List.of(new KeyvalChange.Delete(key)), List.of()))));
  }

  // ---- the past

  private Answer revisions(Call call) {
    int limit = (int) call.number("limit", USUAL_REVISIONS, 1, MOST_REVISIONS);
    long present = revision();
    History history = changes.history();
    long since = call.number("since", newest(history, limit), 0, Long.MAX_VALUE);
    List<JournalEntry> entries =
        history.since(since, limit).stream().filter(one -> one.revision() <= present).toList();
    return Answer.json(
            200,
            out -> {
              out.writeStartObject();
              out.writeNumberProperty("revision", present);
              out.writeNumberProperty("oldest_revision", history.oldest());
              out.writeArrayPropertyStart("revisions");
              for (JournalEntry entry : entries) {
                out.writeStartObject();
                Views.revision(out, entry);
                out.writeEndObject();
              }
              out.writeEndArray();
              out.writeEndObject();
            })
        .withRevision(present);
  }

  /// Where the last `limit` changes begin.
  private static long newest(History history, int limit) {
    return history.last(limit).stream()
        .findFirst()
        .map(entry -> entry.revision() - 1)
        .orElse(history.oldest());
  }

  private Answer revision(Call call) {
    long number = call.number("revision");
    long present = revision();
    JournalEntry entry =
        changes
            .history()
            .entry(number)
            .filter(one -> one.revision() <= present)
            .orElseThrow(() -> unknown(number, present));
    return Answer.json(
        200,
        out -> {
          out.writeStartObject();
          Views.revision(out, entry);
          out.writeEndObject();
        });
  }

  private Problem unknown(long number, long present) {
    return Changes.problem(
            new ChangeResult.UnknownRevision(number, changes.history().oldest(), present), _ -> "")
        .at("path");
  }

  private Answer restore(Call call) {
    return changed(call, 200, call.change(List.of(new Operation.Restore(call.number("revision")))));
  }

  /// Takes the last change back. An older one cannot be taken back alone: what came after it may
  /// build on it.
  private Answer undo(Call call) {
    long number = call.number("revision");
    ChangeRequest asked = call.change(List.of(new Operation.Restore(number - 1)));
    try {
      return changed(call, 200, asked.ifRevision(number));
    } catch (Problem problem) {
      if (problem.status() != 412) {
        throw problem;
      }
      long present = revision();
      if (asked.ifRevision() != null && asked.ifRevision() != present) {
        throw problem;
      }
      throw changes.history().entry(number).isEmpty()
          ? unknown(number, present)
          : notTheLast(number, present);
    }
  }

  private static Problem notTheLast(long number, long present) {
    return Problem.of(
            409,
            "not_the_last",
            "revision " + number + " is not the last one, and later ones may build on it")
        .at("path")
        .hint(
            "POST /revisions/"
                + (number - 1)
                + "/restore takes it and all later ones back; or make the opposite change")
        .atRevision(present);
  }

  // ---- the cluster

  private Answer nodes(Call call) {
    List<StoreStatus.Member> members;
    try {
      members = control.sharing().members();
    } catch (IOException e) {
      throw Problem.of(503, "unavailable", "the store does not tell: " + e.getMessage());
    }
    long farthest = members.stream().mapToLong(StoreStatus.Member::applied).max().orElse(0);
    return Answer.json(
        200,
        out -> {
          out.writeStartArray();
          members.forEach(member -> Views.member(out, member, farthest));
          out.writeEndArray();
        });
  }

  private Answer sources(Call call) {
    List<FollowerStatus> all = Followers.of(environment).statuses();
    return Answer.json(
        200,
        out -> {
          out.writeStartArray();
          all.forEach(one -> Views.source(out, one));
          out.writeEndArray();
        });
  }

  // ---- the autoscaler

  private Answer autoscalers(Call call) {
    List<ScaleView> all = scalers.all();
    return Answer.json(
        200,
        out -> {
          out.writeStartObject();
          out.writeArrayPropertyStart("upstreams");
          all.forEach(one -> ScaleViews.write(out, one));
          out.writeEndArray();
          out.writeEndObject();
        });
  }

  private Answer autoscaler(Call call) {
    ScaleView view = scalers.find(call.parameter("upstream")).orElseThrow(() -> notScaled(call));
    return Answer.json(200, out -> ScaleViews.write(out, view));
  }

  private Problem notScaled(Call call) {
    String name = call.parameter("upstream");
    List<String> near =
        NearestNames.of(name, scalers.all().stream().map(ScaleView::upstream).toList());
    return Problem.of(404, "not_autoscaled", "upstream \"" + name + "\" has no autoscaler")
        .at("path")
        .hint(
            near.isEmpty()
                ? "autoscale in its upstream block makes one"
                : "did you mean " + String.join(" or ", near) + "?");
  }

  private Answer scaleByHand(Call call) {
    Members body = call.members();
    Long servers = body.number("servers", 0, 100_000);
    Long time = body.millis("for");
    if (servers == null || time == null || time > LONGEST_BY_HAND) {
      throw Problem.invalid(
          "\"servers\" and \"for\" are wanted",
          body.place(servers == null ? "servers" : "for"),
          "how many servers, and for how long, up to 7d: {\"servers\":4,\"for\":\"10m\"}");
    }
    body.end();
    Origin origin = call.mayScale();
    return byHand(
        call,
        new ScaleView.ByHand(
            (int) (long) servers, System.currentTimeMillis() + time, origin.who(), origin.why()));
  }

  private Answer scaleByItself(Call call) {
    call.mayScale();
    return byHand(call, null);
  }

  private Answer byHand(Call call, ScaleView.@Nullable ByHand wanted) {
    ScaleView view = scalers.find(call.parameter("upstream")).orElseThrow(() -> notScaled(call));
    if (!view.leads()) {
      String leader = view.leader();
      throw Problem.of(
              409, "not_leader", "another node acts for upstream \"" + view.upstream() + "\"")
          .hint(leader.isEmpty() ? "ask again in a few seconds" : "ask node \"" + leader + "\"");
    }
    if (!scalers.byHand(call.parameter("upstream"), wanted)) {
      throw notScaled(call);
    }
    return autoscaler(call);
  }

  // ---- drains

  private Answer beginDrain(Call call) {
    Members body = call.membersIfAny();
    Long deadline = body.millis("deadline");
    String word = body.text("then", "keep");
    Drain.Then then =
        switch (word) {
          case "remove" -> Drain.Then.REMOVE;
          case "down" -> Drain.Then.DOWN;
          case "keep" -> Drain.Then.KEEP;
          default ->
              throw Problem.invalid(
                  "\"then\" is \"" + word + "\"", body.place("then"), "remove, down or keep");
        };
    body.end();
    Drains.Begin begin =
        control
            .drains()
            .begin(
                call.parameter("upstream"),
                call.number("id"),
                deadline,
                then,
                call.change(List.of()).withKey(""));
    return switch (begin) {
      case Drains.Begin.Begun(Drain drain, long revision) ->
          Answer.json(202, out -> drain(out, drain))
              .with("Location", call.base() + "/drains/" + drain.id())
              .withRevision(revision);
      case Drains.Begin.Already(Drain drain) ->
          throw Problem.of(409, "drains_already", "the server is being drained: " + drain.id())
              .hint("DELETE /drains/" + drain.id() + " ends that");
      case Drains.Begin.NotMade(ChangeResult why) -> throw Changes.problem(why, _ -> "path");
    };
  }

  private Answer drains(Call call) {
    List<Drain> all = control.drains().all();
    return Answer.json(
        200,
        out -> {
          out.writeStartArray();
          all.forEach(drain -> drain(out, drain));
          out.writeEndArray();
        });
  }

  private static Problem unknownDrain(Call call) {
    return Problem.of(404, "unknown_drain", "there is no drain " + call.parameter("drain"))
        .at("path")
        .hint("those that were over before a restart, and old ones, are forgotten");
  }

  private void drain(JsonGenerator out, Drain drain) {
    Views.drain(out, drain, control.drains().oldestMillis(drain.id()));
  }

  private Answer drain(Call call) {
    String id = call.parameter("drain");
    Long wait = call.wait("wait", LONGEST_WAIT);
    if (wait != null) {
      Waiting.until(
          control.events(),
          () -> control.drains().find(id).map(one -> one.phase().isOver()).orElse(true),
          wait);
    }
    Drain drain = control.drains().find(id).orElseThrow(() -> unknownDrain(call));
    return Answer.json(200, out -> drain(out, drain));
  }

  private Answer cancelDrain(Call call) {
    return switch (control
        .drains()
        .cancel(call.parameter("drain"), call.change(List.of()).withKey(""))) {
      case Drains.Cancel.Cancelled(Drain drain, long revision) ->
          Answer.json(200, out -> drain(out, drain)).withRevision(revision);
      case Drains.Cancel.TooLate(Drain drain) ->
          throw Problem.of(409, "drain_over", "the drain is " + phase(drain))
              .hint("what has become of the server is in /drains/" + drain.id());
      case Drains.Cancel.Unknown() -> throw unknownDrain(call);
      case Drains.Cancel.NotMade(ChangeResult why) -> throw Changes.problem(why, _ -> "path");
    };
  }

  private static String phase(Drain drain) {
    return drain.phase().name().toLowerCase(Locale.ROOT);
  }

  // ---- events

  /// The long poll; without `wait` the events are streamed.
  private Answer events(Call call) {
    Long wait = call.wait("wait", LONGEST_WAIT);
    int limit = (int) call.number("limit", MOST_EVENTS, 1, MOST_EVENTS);
    Events events = control.events();
    EventCursor since = EventCursor.of(events, call.query().get("since"), "query:since");
    if (wait != null && !since.isOfAnotherRun()) {
      Waiting.until(events, () -> events.last() > since.seen(), wait);
    }
    Events.Batch batch = events.after(since.seen(), limit);
    return Answer.json(
        200,
        out -> {
          out.writeStartObject();
          out.writeBooleanProperty("gap", batch.gap() || since.isOfAnotherRun());
          out.writeStringProperty("next", EventCursor.text(events, batch.next()));
          out.writeArrayPropertyStart("events");
          batch.events().forEach(event -> EventView.write(out, events, event));
          out.writeEndArray();
          out.writeEndObject();
        });
  }
}

package dev.turnout.control;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalDraft;
import dev.turnout.cluster.KeyvalDraft.Outcome;
import dev.turnout.cluster.KeyvalEntry;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.PendingTrials;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.Trial;
import dev.turnout.cluster.TrialEnd;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.cluster.file.GroupText;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.SpecMerge;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamOptions;
import dev.turnout.upstream.UpstreamSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The state that the requests of one batch lead to, each judged after the ones before it. Nobody
/// else sees it before it is durable. Lives on the writer's thread for one batch.
final class Draft {
  /// A zone as the batch found it, and as it is to be.
  record Zone(KeyvalZone zone, KeyvalSnapshot base, KeyvalDraft draft) {}

  private final Upstreams live;
  private final History history;
  private final Revision revisions;
  private final Function<String, @Nullable KeyvalZone> zonesByName;
  private final long timeMillis;

  private final Map<String, @Nullable UpstreamState> upstreams = new LinkedHashMap<>();
  private final Map<KeyvalZone, Zone> zones = new LinkedHashMap<>();
  private final List<JournalEntry> entries = new ArrayList<>();
  private long revision;

  Draft(
      Upstreams live,
      History history,
      Revision revisions,
      Function<String, @Nullable KeyvalZone> zonesByName,
      long timeMillis) {
    this.live = live;
    this.history = history;
    this.revisions = revisions;
    this.zonesByName = zonesByName;
    this.timeMillis = timeMillis;
    this.revision = history.revision();
  }

  /// The changes that are part of it, in order.
  List<JournalEntry> entries() {
    return entries;
  }

  /// The upstreams that differ, by name; null: there is none any more.
  Map<String, @Nullable UpstreamState> upstreams() {
    return upstreams;
  }

  /// The zones that were looked at.
  List<Zone> zones() {
    return List.copyOf(zones.values());
  }

  /// A request that is being judged. A [Operation.Restore] is judged in a draft of its own.
  private final class Attempt {
    final Map<String, @Nullable UpstreamState> touched = new LinkedHashMap<>();
    final List<Runnable> undo = new ArrayList<>();
    final Map<Zone, Map<String, @Nullable KeyvalEntry>> keys = new LinkedHashMap<>();
    @Nullable TrialEnd end;
    final List<Effect> effects = new ArrayList<>();

    @Nullable UpstreamState state(String name) {
      String key = key(name);
      return touched.containsKey(key) ? touched.get(key) : Draft.this.state(name);
    }

    void takeBack() {
      for (int i = undo.size() - 1; i >= 0; i--) {
        undo.get(i).run();
      }
    }
  }

  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  private @Nullable UpstreamState state(String name) {
    String key = key(name);
    return upstreams.containsKey(key) ? upstreams.get(key) : live.state(key);
  }

  private Zone zone(KeyvalZone zone) {
    return zones.computeIfAbsent(zone, z -> new Zone(z, z.snapshot(), z.draft(timeMillis)));
  }

  /// Takes a request, all of it or nothing, and tells what it will be answered once it is durable.
  ///
  /// @param shareable why changes could not be shared; empty if they can, or need not be
  ChangeResult judge(
      ChangeRequest request,
      Guards guards,
      TargetGuard targets,
      Function<List<Delta>, Optional<String>> shareable) {
    if (!request.key().isEmpty()) {
      JournalEntry earlier = earlier(request.key());
      if (earlier != null) {
        return new ChangeResult.Applied(earlier.revision(), List.of(), earlier.deltas(), true);
      }
    }
    Long wanted = request.ifRevision();
    if (wanted != null && wanted != revision) {
      return new ChangeResult.StaleRevision(wanted, revision);
    }
    Attempt attempt = new Attempt();
    List<Operation> operations = request.operations();
    for (int i = 0; i < operations.size(); i++) {
      ChangeResult.Refused refused = step(operations.get(i), attempt);
      if (refused != null) {
        attempt.takeBack();
        return operations.size() == 1 ? refused : new ChangeResult.InOperation(i, refused);
      }
    }
    List<Delta> deltas = deltas(attempt);
    Optional<String> forbidden = targets.check(deltas, name -> isUpstream(name, attempt));
    if (forbidden.isPresent()) {
      attempt.takeBack();
      return new ChangeResult.ForbiddenTarget(forbidden.get());
    }
    Optional<String> unshareable = shareable.apply(deltas);
    if (unshareable.isPresent()) {
      attempt.takeBack();
      return new ChangeResult.NotShareable(unshareable.get());
    }
    if (!request.force()) {
      Optional<String> held = guards.check(deltas);
      if (held.isPresent()) {
        attempt.takeBack();
        return new ChangeResult.Guarded(held.get());
      }
    }
    TrialTerms terms = request.trial();
    ChangeResult.Refused untried = terms == null ? null : untried(terms, attempt, deltas);
    if (untried != null) {
      attempt.takeBack();
      return untried;
    }
    if (request.dryRun()) {
      attempt.takeBack();
      return new ChangeResult.Applied(revision, attempt.effects, deltas, false);
    }
    if (!deltas.isEmpty() || attempt.end != null) {
      accept(request, attempt, deltas);
    }
    return new ChangeResult.Applied(answered(request, deltas), attempt.effects, deltas, false);
  }

  /// Takes what others have changed: all of it together, or, if some of it cannot be, each for
  /// itself.
  ///
  /// @return what is not taken, and why
  Map<Adoption, String> adopt(List<Adoption> things, Origin origin, TargetGuard targets) {
    if (adoptTogether(things, origin, targets) == null) {
      return Map.of();
    }
    Map<Adoption, String> refused = new LinkedHashMap<>();
    List<Adoption> groupsFirst = new ArrayList<>(things); // what keys point to
    groupsFirst.sort(Comparator.comparingInt(thing -> thing instanceof Adoption.Group ? 0 : 1));
    for (Adoption thing : groupsFirst) {
      String reason = adoptTogether(List.of(thing), origin, targets);
      if (reason != null) {
        refused.put(thing, reason);
      }
    }
    return refused;
  }

  /// Takes all of it or nothing; why not, null if it did.
  private @Nullable String adoptTogether(
      List<Adoption> things, Origin origin, TargetGuard targets) {
    Attempt attempt = new Attempt();
    Map<KeyvalZone, List<KeyvalChange>> edits = new LinkedHashMap<>();
    for (Adoption thing : things) {
      switch (thing) {
        case Adoption.Entry(KeyvalZone zone, String key, String value) ->
            edits
                .computeIfAbsent(zone, _ -> new ArrayList<>())
                .add(
                    value == null
                        ? new KeyvalChange.Delete(key)
                        : new KeyvalChange.Put(key, value));
        case Adoption.Group(String name, GroupText text) -> adopt(name, text, attempt);
      }
    }
    String reason = null;
    for (Map.Entry<KeyvalZone, List<KeyvalChange>> one : edits.entrySet()) {
      ChangeResult.Refused refused =
          edit(new Operation.EditZone(one.getKey(), one.getValue(), List.of()), attempt);
      reason = refused == null ? reason : refused.message();
    }
    List<Delta> deltas = reason == null ? deltas(attempt) : List.of();
    if (reason == null) {
      reason = targets.check(deltas, name -> isUpstream(name, attempt)).orElse(null);
    }
    if (reason != null) {
      attempt.takeBack();
      return reason;
    }
    if (!deltas.isEmpty()) {
      accept(ChangeRequest.of(origin), attempt, deltas);
    }
    return null;
  }

  private static void adopt(String name, @Nullable GroupText text, Attempt attempt) {
    UpstreamState now = attempt.state(name);
    UpstreamSpec configured = now == null ? null : now.configured();
    UpstreamSpec wanted = text == null ? configured : text.spec();
    attempt.touched.put(
        key(name),
        wanted == null && configured == null ? null : new UpstreamState(wanted, configured));
  }

  private static boolean isUpstream(String name, Attempt attempt) {
    UpstreamState state = attempt.state(name);
    return state != null && state.spec() != null;
  }

  /// A request that changed nothing in zones is told the revision that these have.
  private long answered(ChangeRequest request, List<Delta> deltas) {
    if (deltas.isEmpty()
        && request.operations().size() == 1
        && request.operations().getFirst() instanceof Operation.EditZone edit) {
      return zone(edit.zone()).draft().revision();
    }
    return revision;
  }

  private @Nullable JournalEntry earlier(String key) {
    for (JournalEntry entry : entries) {
      if (IdempotencyKey.isSame(entry.key(), key)) {
        return entry;
      }
    }
    return history.withKey(key);
  }

  private void accept(ChangeRequest request, Attempt attempt, List<Delta> deltas) {
    revision = revisions.next();
    upstreams.putAll(attempt.touched);
    for (Delta delta : deltas) {
      if (delta instanceof Delta.OfZone changed) {
        attempt.keys.keySet().stream()
            .filter(zone -> zone.zone().name().equals(changed.zone()))
            .forEach(zone -> zone.draft().stamp(revision));
      }
    }
    TrialTerms terms = request.trial();
    entries.add(
        new JournalEntry(
            revision,
            timeMillis,
            request.origin(),
            request.key(),
            deltas,
            terms == null ? null : terms.from(timeMillis),
            attempt.end));
  }

  private List<Delta> deltas(Attempt attempt) {
    List<Delta> deltas = new ArrayList<>();
    attempt.touched.forEach((key, after) -> {
      UpstreamState before = state(key);
      if (before == null ? after != null : !before.equals(after)) {
        UpstreamState any = after != null ? after : before;
        if (any != null) {
          deltas.add(new Delta.OfUpstream(any.name(), before, after));
        }
      }
    });
    for (Map.Entry<Zone, Map<String, @Nullable KeyvalEntry>> one : attempt.keys.entrySet()) {
      Delta.OfZone delta = delta(one.getKey(), one.getValue());
      if (!delta.before().isEmpty()) {
        deltas.add(delta);
      }
    }
    return deltas;
  }

  private static Delta.OfZone delta(Zone zone, Map<String, @Nullable KeyvalEntry> before) {
    Map<String, @Nullable String> was = new LinkedHashMap<>();
    Map<String, @Nullable String> is = new LinkedHashMap<>();
    Map<String, Long> wasUntil = new HashMap<>();
    Map<String, Long> isUntil = new HashMap<>();
    before.forEach((key, old) -> {
      KeyvalEntry now = zone.draft().entry(key);
      if (!Objects.equals(old, now)) {
        note(key, old, was, wasUntil);
        note(key, now, is, isUntil);
      }
    });
    return new Delta.OfZone(zone.zone().name(), was, is, wasUntil, isUntil);
  }

  private static void note(
      String key,
      @Nullable KeyvalEntry entry,
      Map<String, @Nullable String> values,
      Map<String, Long> deadlines) {
    values.put(key, entry == null ? null : entry.value());
    if (entry != null && entry.deadlineMillis() != KeyvalEntry.NEVER) {
      deadlines.put(key, entry.deadlineMillis());
    }
  }

  private ChangeResult.@Nullable Refused step(Operation operation, Attempt attempt) {
    return switch (operation) {
      case Operation.EditUpstream(String name, UpstreamChange change) ->
          edit(name, change, attempt);
      case Operation.CreateUpstream(UpstreamSpec spec) -> create(spec, attempt);
      case Operation.PutUpstream(UpstreamSpec spec) -> put(spec, attempt);
      case Operation.DeleteUpstream(String name) -> delete(name, attempt);
      case Operation.EditZone edit -> edit(edit, attempt);
      case Operation.Restore(long number) -> restore(number, attempt);
      case Operation.EndTrial(long number, boolean keep) -> endTrial(number, keep, attempt);
    };
  }

  private ChangeResult.@Nullable Refused edit(String name, UpstreamChange change, Attempt attempt) {
    UpstreamState state = attempt.state(name);
    UpstreamSpec spec = state == null ? null : state.spec();
    if (state == null || spec == null) {
      return new ChangeResult.UnknownUpstream(name);
    }
    return switch (spec.apply(change)) {
      case dev.turnout.upstream.ChangeResult.Refused refused ->
          new ChangeResult.Rejected(name, refused);
      case dev.turnout.upstream.ChangeResult.Changed(UpstreamSpec next) -> {
        attempt.touched.put(key(name), wanted(name, next, state.configured()));
        attempt.effects.add(new Effect.Servers(touched(change, spec, next), next));
        yield null;
      }
    };
  }

  private static List<PeerSpec> touched(
      UpstreamChange change, UpstreamSpec before, UpstreamSpec after) {
    return switch (change) {
      case UpstreamChange.Add _ -> List.of(after.servers().getLast());
      case UpstreamChange.Update(long id, _) -> List.of(after.servers().get(after.indexOf(id)));
      case UpstreamChange.Remove(long id) -> List.of(before.servers().get(before.indexOf(id)));
      case UpstreamChange.Replace _ -> after.servers();
    };
  }

  /// An upstream as it is to be. What its own file holds is what is configured, so that a reload
  /// finds the change there, and an operator's edit counts. Servers that are found out are so, too:
  /// when that ends, what the block names counts again.
  private UpstreamState wanted(String name, UpstreamSpec next, @Nullable UpstreamSpec configured) {
    return configured != null && (live.list(name) != null || live.isFollowed(name))
        ? new UpstreamState(next, configured.withServers(next.servers(), next.nextId()))
        : new UpstreamState(next, configured);
  }

  /// A group stays where the API shows it when another interface replaces it.
  private static UpstreamOptions options(UpstreamSpec spec, UpstreamSpec before) {
    UpstreamOptions said = spec.options();
    return said.zone() == null ? said.withZone(before.options().zone()) : said;
  }

  private ChangeResult.@Nullable Refused put(UpstreamSpec spec, Attempt attempt) {
    UpstreamState state = attempt.state(spec.name());
    UpstreamSpec configured = state == null ? null : state.configured();
    UpstreamSpec before = state == null || state.spec() == null ? configured : state.spec();
    UpstreamSpec next = spec;
    if (before != null) {
      UpstreamSpec numbered = spec.succeeding(before);
      next =
          new UpstreamSpec(
              before.name(),
              numbered.servers(),
              numbered.method(),
              numbered.keepalive(),
              options(spec, before),
              numbered.nextId());
    }
    attempt.touched.put(key(spec.name()), wanted(spec.name(), next, configured));
    attempt.effects.add(new Effect.Group(next));
    return null;
  }

  private ChangeResult.@Nullable Refused create(UpstreamSpec spec, Attempt attempt) {
    UpstreamState state = attempt.state(spec.name());
    if (state != null && state.spec() != null) {
      return new ChangeResult.UpstreamExists(spec.name());
    }
    UpstreamSpec configured = state == null ? null : state.configured();
    // One that was deleted comes back: no id may come to mean another server.
    UpstreamSpec made = configured == null ? spec : spec.succeeding(configured);
    attempt.touched.put(key(spec.name()), wanted(spec.name(), made, configured));
    attempt.effects.add(new Effect.Group(made));
    return null;
  }

  private static ChangeResult.@Nullable Refused delete(String name, Attempt attempt) {
    UpstreamState state = attempt.state(name);
    UpstreamSpec spec = state == null ? null : state.spec();
    if (state == null || spec == null) {
      return new ChangeResult.UnknownUpstream(name);
    }
    attempt.touched.put(key(name), state.with(null));
    attempt.effects.add(new Effect.Group(spec));
    return null;
  }

  private ChangeResult.@Nullable Refused edit(Operation.EditZone edit, Attempt attempt) {
    Zone zone = zone(edit.zone());
    Map<String, @Nullable KeyvalEntry> before = before(zone, edit.edits());
    long at = zone.draft().revision();
    return switch (zone.draft().apply(edit.edits(), edit.conditions())) {
      case Outcome.Accepted accepted -> {
        attempt.undo.add(() -> zone.draft().revert(edit.edits(), accepted));
        Map<String, @Nullable KeyvalEntry> known =
            attempt.keys.computeIfAbsent(zone, _ -> new HashMap<>());
        before.forEach((key, entry) -> {
          if (!known.containsKey(key)) {
            known.put(key, entry);
          }
        });
        attempt.effects.add(new Effect.Keys(accepted.previous()));
        yield null;
      }
      case Outcome.Full(long needed, long capacity) -> new ChangeResult.ZoneFull(needed, capacity);
      case Outcome.InvalidKey(String key) -> new ChangeResult.InvalidKey(key);
      case Outcome.Unmet(var condition) -> new ChangeResult.Conflict(at, condition);
    };
  }

  private static Map<String, @Nullable KeyvalEntry> before(Zone zone, List<KeyvalChange> edits) {
    Map<String, @Nullable KeyvalEntry> before = new LinkedHashMap<>();
    for (KeyvalChange edit : edits) {
      switch (edit) {
        case KeyvalChange.Put put -> before.put(put.key(), zone.draft().entry(put.key()));
        case KeyvalChange.Delete(String key) -> before.put(key, zone.draft().entry(key));
        case KeyvalChange.Clear() ->
            zone.draft()
                .entries()
                .keySet()
                .forEach(key -> before.put(key, zone.draft().entry(key)));
      }
    }
    return before;
  }

  private ChangeResult.@Nullable Refused restore(long number, Attempt attempt) {
    Optional<History.Then> then = history.at(number);
    if (then.isEmpty()) {
      return new ChangeResult.UnknownRevision(number, history.oldest(), history.revision());
    }
    then.get().upstreams().forEach((key, state) -> restore(key, state, attempt));
    for (var zone : then.get().zones().entrySet()) {
      KeyvalZone there = zonesByName.apply(zone.getKey());
      if (there == null) {
        return new ChangeResult.UnknownZone(zone.getKey());
      }
      Map<String, Long> deadlines = then.get().deadlines().getOrDefault(zone.getKey(), Map.of());
      List<KeyvalChange> edits = new ArrayList<>();
      zone.getValue().forEach((key, value) -> edits.add(put(key, value, deadlines.get(key))));
      ChangeResult.Refused refused = edit(new Operation.EditZone(there, edits, List.of()), attempt);
      if (refused != null) {
        return refused;
      }
    }
    attempt.effects.clear();
    attempt.effects.add(new Effect.Restored());
    return null;
  }

  private PendingTrials trials() {
    PendingTrials trials = history.pendingTrials();
    entries.forEach(trials::follow);
    return trials;
  }

  /// Why a change cannot be made on these terms; null if it can.
  private ChangeResult.@Nullable Refused untried(
      TrialTerms terms, Attempt attempt, List<Delta> deltas) {
    JournalEntry other = trials().touching(deltas);
    if (other != null) {
      return new ChangeResult.OnTrial(other.revision());
    }
    return terms.maxErrors() != Trial.ANY
            && !deltas.isEmpty()
            && Trials.groups(deltas, name -> isUpstream(name, attempt)).isEmpty()
        ? new ChangeResult.NothingToWatch()
        : null;
  }

  private ChangeResult.@Nullable Refused endTrial(long number, boolean keep, Attempt attempt) {
    JournalEntry entry = trials().find(number);
    if (entry == null) {
      return new ChangeResult.NoTrial(number);
    }
    attempt.end = new TrialEnd(number, keep);
    if (!keep) {
      for (Delta delta : entry.deltas()) {
        ChangeResult.Refused refused =
            switch (delta) {
              case Delta.OfUpstream upstream -> takeBack(upstream, attempt);
              case Delta.OfZone zone -> takeBack(zone, attempt);
            };
        if (refused != null) {
          return refused;
        }
      }
    }
    attempt.effects.clear();
    attempt.effects.add(new Effect.Restored());
    return null;
  }

  /// What the change did to an upstream is as it was before, as far as nobody has changed it since.
  private ChangeResult.@Nullable Refused takeBack(Delta.OfUpstream delta, Attempt attempt) {
    UpstreamSpec before = delta.before() == null ? null : delta.before().spec();
    UpstreamSpec after = delta.after() == null ? null : delta.after().spec();
    UpstreamState now = attempt.state(delta.name());
    UpstreamSpec present = now == null ? null : now.spec();
    UpstreamSpec configured = now == null ? null : now.configured();
    UpstreamSpec next = present;
    if (before == null) {
      next = Objects.equals(present, after) ? null : present;
    } else if (present == null) {
      next = after == null ? before : null;
    } else if (after != null) {
      next = SpecMerge.takeBack(before, after, present);
    }
    if (!Objects.equals(next, present)) {
      attempt.touched.put(
          key(delta.name()),
          next != null
              ? wanted(delta.name(), next, configured)
              : configured == null ? null : new UpstreamState(null, configured));
    }
    return null;
  }

  private ChangeResult.@Nullable Refused takeBack(Delta.OfZone delta, Attempt attempt) {
    KeyvalZone there = zonesByName.apply(delta.zone());
    if (there == null) {
      return new ChangeResult.UnknownZone(delta.zone());
    }
    List<KeyvalChange> edits = new ArrayList<>();
    delta
        .before()
        .forEach((key, value) -> {
          KeyvalEntry now = zone(there).draft().entry(key);
          if (Objects.equals(now == null ? null : now.value(), delta.after().get(key))) {
            edits.add(put(key, value, delta.deadlinesBefore().get(key)));
          }
        });
    return edits.isEmpty() ? null : edit(new Operation.EditZone(there, edits, List.of()), attempt);
  }

  /// What makes a key what it was, unless that would be over by now.
  private KeyvalChange put(String key, @Nullable String value, @Nullable Long deadline) {
    return value == null || (deadline != null && deadline <= timeMillis)
        ? new KeyvalChange.Delete(key)
        : new KeyvalChange.Put(key, value, deadline == null ? null : deadline - timeMillis);
  }

  /// True if the configuration did not change its mind about what is not a server.
  private static boolean isSameButServers(@Nullable UpstreamSpec one, @Nullable UpstreamSpec two) {
    if (one == null || two == null) {
      return one == null && two == null;
    }
    return one.method().equals(two.method())
        && one.keepalive().equals(two.keepalive())
        && one.options().equals(two.options());
  }

  /// What is wanted is as it was then; what the configuration says is as it is now.
  private void restore(String key, @Nullable UpstreamState then, Attempt attempt) {
    UpstreamState now = attempt.state(key);
    UpstreamSpec configured = now == null ? null : now.configured();
    UpstreamSpec spec = then == null ? null : then.spec();
    UpstreamSpec present = now == null ? null : now.spec();
    if (spec != null && present != null) {
      boolean sameFile = isSameButServers(then == null ? null : then.configured(), configured);
      spec =
          new UpstreamSpec(
              spec.name(),
              spec.servers(),
              sameFile ? spec.method() : present.method(),
              sameFile ? spec.keepalive() : present.keepalive(),
              sameFile ? spec.options() : present.options(),
              Math.max(spec.nextId(), present.nextId()));
    }
    if (spec != null) {
      attempt.touched.put(key, wanted(key, spec, configured));
    } else {
      attempt.touched.put(key, configured == null ? null : new UpstreamState(null, configured));
    }
  }
}

package dev.turnout.http;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.cluster.file.ServerListFile;
import dev.turnout.upstream.HealthListener;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.SpecMerge;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamSpec;
import dev.turnout.upstream.balance.Balancers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The upstreams of the process by name. They outlive configurations: a reload changes the list of
/// an upstream that stays, whose peers keep their state and connections.
///
/// Written by the control plane's one writer. Loops hold {@link Upstream}s themselves, or look a
/// name up.
public final class Upstreams {
  /// An upstream and where it stands.
  ///
  /// @param configured what the configuration says; null: it was made at run time
  /// @param deleted it was deleted at run time, and is held only by locations that name it
  private record Entry(Upstream upstream, @Nullable UpstreamSpec configured, boolean deleted) {
    UpstreamState state() {
      return new UpstreamState(deleted ? null : upstream.current().spec(), configured);
    }
  }

  private final Map<String, Entry> entries = new LinkedHashMap<>(); // the writer's
  private Map<String, ServerListFile> lists =
      Map.of(); // the writer's, of the present configuration
  private Set<String> followed = Set.of(); // the writer's, of the present configuration
  private final Set<String> found = new HashSet<>(); // the writer's: those followed that changed
  private Set<String> shared = Set.of(); // the writer's, of the present configuration
  private Predicate<String> stored = _ -> false; // the writer's
  private Map<String, UpstreamState> remembered = Map.of(); // the writer's, until first used
  private volatile Map<String, Upstream> byName = new ConcurrentHashMap<>();
  private volatile List<Upstream> inOrder = List.of();
  private final List<Watcher> watchers = new CopyOnWriteArrayList<>();
  private volatile HealthListener health = HealthListener.none();
  private @Nullable Naming usualNaming; // the writer's
  private final NameWatches names =
      new NameWatches(upstream -> watchers.forEach(watcher -> watcher.changed(upstream)));

  /// The upstream of this name, in any case, as nginx compares them.
  public @Nullable Upstream find(String name) {
    Map<String, Upstream> now = byName;
    Upstream exact = now.get(name);
    return exact != null ? exact : now.get(key(name));
  }

  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /// Who keeps something for each upstream.
  public interface Watcher {
    /// An upstream was made at run time, and takes no requests yet.
    default void made(Upstream upstream) {}

    /// Its list of servers has changed.
    default void changed(Upstream upstream) {}

    /// It is no more.
    default void gone(Upstream upstream) {}
  }

  /// Tells what happens to upstreams, on the thread that does it.
  public void watch(Watcher watcher) {
    watchers.add(watcher);
  }

  /// Tells what changes in the health of upstreams, besides whoever is told already.
  public void onHealth(HealthListener listener) {
    health = health.andThen(listener);
  }

  private Upstream make(UpstreamSpec spec, long revision) {
    return new Upstream(spec, revision, Balancers::create, event -> health.changed(event));
  }

  /// True if the names of servers of this upstream can be resolved at run time: its configuration
  /// has a resolver. Called by the writer.
  public boolean hasResolver(Upstream upstream) {
    return names.hasResolver(upstream);
  }

  /// Where the addresses that names of servers turn out to have are kept for the next start.
  public void keepAddressesIn(Path file) {
    names.keepIn(file);
  }

  /// Names are not resolved any more.
  public void stopResolving() {
    names.stop();
  }

  /// What names of servers may turn out to be from now on.
  public void screen(AddressScreen screen) {
    names.screen(screen);
  }

  /// All of them: those of the configuration as they stand in it, then what was made at run time.
  public Collection<Upstream> all() {
    return inOrder;
  }

  /// The names of all of them, as they were written.
  public List<String> displayNames() {
    return inOrder.stream().map(Upstream::name).toList();
  }

  private void relist() {
    List<Upstream> next = new ArrayList<>(entries.size());
    for (Entry entry : entries.values()) {
      if (!entry.deleted) {
        next.add(entry.upstream);
      }
    }
    if (!next.equals(inOrder)) {
      inOrder = List.copyOf(next);
    }
  }

  /// The file that an upstream's servers are kept in; null if it has none. Called by the writer.
  public @Nullable ServerListFile list(String name) {
    return lists.get(key(name));
  }

  /// Whether the servers of an upstream are found out, so that its block does not say what they
  /// are. Called by the writer.
  public boolean isFollowed(String name) {
    return followed.contains(key(name));
  }

  /// True if an upstream is one that nodes share, should there be a store: its block says so, or no
  /// configuration has it. Called by the writer.
  public boolean isShared(String name) {
    Entry entry = entries.get(key(name));
    return entry == null || entry.configured == null || shared.contains(key(name));
  }

  /// Says which upstreams the store of all nodes has: of these the configuration says only what
  /// they begin with. Called by the writer.
  public void storedBy(Predicate<String> has) {
    stored = has;
  }

  /// What the upstreams were when the process ended the last time; the first plan that takes effect
  /// takes it up. Called by the writer, before.
  public void remember(Map<String, UpstreamState> states) {
    remembered = Map.copyOf(states);
  }

  /// An upstream as it is wanted; null if there is none. Called by the writer.
  public @Nullable UpstreamState state(String name) {
    Entry entry = entries.get(key(name));
    return entry == null ? null : entry.state();
  }

  /// All upstreams as they are wanted, by name in lower case; also those that are deleted and that
  /// the configuration still has. A copy; taken while the writer writes nothing.
  public Map<String, UpstreamState> states() {
    Map<String, UpstreamState> states = HashMap.newHashMap(entries.size());
    entries.forEach((name, entry) -> states.put(name, entry.state()));
    return states;
  }

  /// Puts the wanted state of an upstream in force; null: there is none any more. Called by the
  /// writer.
  public void put(String name, @Nullable UpstreamState next, long revision) {
    if (isFollowed(name)) {
      found.add(key(name));
    }
    replace(name, next, revision);
    relist();
  }

  private void replace(String name, @Nullable UpstreamState next, long revision) {
    String key = key(name);
    Entry there = entries.get(key);
    if (next == null) {
      if (there != null) {
        remove(key, there);
      }
      return;
    }
    UpstreamSpec spec = next.spec();
    if (there == null) {
      if (spec != null) {
        Upstream made = make(spec, revision);
        watchers.forEach(watcher -> watcher.made(made));
        entries.put(key, new Entry(made, next.configured(), false));
        byName.put(key, made);
        names.resolveBy(made, usualNaming);
      }
      return;
    }
    Upstream upstream = there.upstream;
    entries.put(key, new Entry(upstream, next.configured(), spec == null));
    if (spec == null) {
      byName.remove(key);
      upstream.publish(empty(upstream.current().spec()), revision);
    } else {
      if (!spec.equals(upstream.current().spec())) {
        upstream.publish(spec, revision);
      }
      byName.put(key, upstream);
    }
    watchers.forEach(watcher -> watcher.changed(upstream));
    names.listChanged(upstream);
  }

  private void remove(String key, Entry there) {
    entries.remove(key);
    byName.remove(key);
    names.resolveBy(there.upstream, null);
    watchers.forEach(watcher -> watcher.gone(there.upstream));
  }

  /// The same upstream with no server: its ids go on where they were.
  private static UpstreamSpec empty(UpstreamSpec spec) {
    return spec.withServers(List.of(), spec.nextId());
  }

  /// The upstreams that a configuration being read declares.
  public Plan plan() {
    return new Plan();
  }

  /// The upstreams of one configuration; they take effect together, or never.
  public final class Plan {
    private final Map<String, UpstreamSpec> specs = new LinkedHashMap<>();
    private final Map<String, Upstream> planned = new LinkedHashMap<>();
    private final Map<String, ServerListFile> planLists = new HashMap<>();
    private final Set<String> planFollowed = new HashSet<>();
    private final Map<String, Naming> namings = new HashMap<>();
    private final Set<String> planShared = new HashSet<>();
    private @Nullable Naming usual;

    /// Declares an upstream and returns it; what it is to be takes effect with [#activate].
    public Upstream declare(UpstreamSpec spec) {
      String key = key(spec.name());
      specs.put(key, spec);
      Entry there = entries.get(key);
      Upstream upstream = there != null ? there.upstream : make(spec, 0);
      planned.put(key, upstream);
      return upstream;
    }

    /// Declares an upstream whose servers are kept in a file of their own.
    public Upstream declare(UpstreamSpec spec, @Nullable ServerListFile list) {
      if (list != null) {
        planLists.put(key(spec.name()), list);
      }
      return declare(spec);
    }

    /// Says that the servers of an upstream in the plan are found out: once they were, they stay
    /// whatever its block names.
    public void follow(String name) {
      planFollowed.add(key(name));
    }

    /// Declares that nodes share an upstream.
    public void share(String name) {
      planShared.add(key(name));
    }

    /// The name of the upstream in the plan that has the same file; null if none has.
    public @Nullable String userOf(ServerListFile list) {
      for (Map.Entry<String, ServerListFile> one : planLists.entrySet()) {
        if (one.getValue().file().equals(list.file())) {
          return one.getKey();
        }
      }
      return null;
    }

    /// Says who resolves the names of the servers of an upstream in the plan.
    public void resolveBy(String name, Naming naming) {
      namings.put(key(name), naming);
    }

    /// Says who resolves names for upstreams that are made at run time.
    public void resolveOthersBy(Naming naming) {
      usual = naming;
    }

    /// The upstream of this name in the plan.
    public @Nullable Upstream find(String name) {
      return planned.get(key(name));
    }

    /// Whether this upstream has a server with this address, as configured.
    public boolean hasServer(String name, PeerAddress address) {
      UpstreamSpec spec = specs.get(key(name));
      return spec != null
          && spec.servers().stream().anyMatch(server -> server.address().equals(address));
    }

    /// The names in the plan.
    public List<String> names() {
      return new ArrayList<>(planned.keySet());
    }

    /// What the plan changes of the state that is in force, or, at the first start, of what is
    /// remembered. Called by the writer.
    public List<Delta> deltas() {
      List<Delta> deltas = new ArrayList<>();
      boolean first = entries.isEmpty();
      for (UpstreamSpec wanted : specs.values()) {
        UpstreamState before = before(wanted.name());
        UpstreamState after = merged(wanted, before);
        if ((before != null || !first) && !after.equals(before)) {
          deltas.add(new Delta.OfUpstream(wanted.name(), before, after));
        }
      }
      Map<String, UpstreamState> there = new HashMap<>(remembered);
      entries.forEach((name, entry) -> there.put(name, entry.state()));
      there.forEach((name, before) -> {
        if (before.configured() != null && !specs.containsKey(name)) {
          deltas.add(
              new Delta.OfUpstream(before.name(), before, orphan(before))); // its block is gone
        }
      });
      return deltas;
    }

    /// Puts the plan in force. Called by the writer.
    public void activate(long revision) {
      usualNaming = usual;
      Map<String, UpstreamState> next = new LinkedHashMap<>();
      specs.forEach((key, wanted) -> next.put(key, merged(wanted, before(key))));
      Map<String, UpstreamState> kept = new TreeMap<>(remembered);
      remembered = Map.of();
      for (Map.Entry<String, UpstreamState> one : next.entrySet()) {
        Entry there = entries.get(one.getKey());
        if (there == null) {
          Upstream fresh = Objects.requireNonNull(planned.get(one.getKey()));
          entries.put(one.getKey(), new Entry(fresh, null, true));
        }
        UpstreamState state = one.getValue();
        if (there == null || !there.state().equals(state)) {
          replace(state.name(), state, revision);
        }
      }
      for (Map.Entry<String, Entry> one : List.copyOf(entries.entrySet())) {
        Entry entry = one.getValue();
        if (entry.configured != null && !next.containsKey(one.getKey())) {
          UpstreamState orphan = orphan(entry.state());
          if (orphan == null) {
            remove(one.getKey(), entry);
          } else {
            replace(orphan.name(), orphan, revision);
          }
        }
      }
      kept.forEach((key, state) -> {
        if (state.configured() == null && !next.containsKey(key)) {
          replace(state.name(), state, revision); // made at run time, before the restart
        }
      });
      lists = Map.copyOf(planLists);
      followed = Set.copyOf(planFollowed);
      found.retainAll(followed);
      shared = Set.copyOf(planShared);
      relist();
      entries.forEach(
          (key, entry) -> names.resolveBy(entry.upstream, namings.getOrDefault(key, usualNaming)));
    }

    /// What is left of an upstream whose block is gone: what the store of all nodes has of it.
    private @Nullable UpstreamState orphan(UpstreamState before) {
      return before.spec() != null && stored.test(before.name())
          ? new UpstreamState(before.spec(), null)
          : null;
    }

    private @Nullable UpstreamState before(String name) {
      Entry there = entries.get(key(name));
      return there != null ? there.state() : remembered.get(key(name));
    }

    /// Whether the servers of an upstream are what was found out, now or before the restart.
    private boolean isFound(String key, UpstreamSpec present) {
      boolean known = found.contains(key) || !entries.containsKey(key);
      return planFollowed.contains(key) && known && !present.servers().isEmpty();
    }

    /// What the file says now, with what was changed at run time.
    private UpstreamState merged(UpstreamSpec wanted, @Nullable UpstreamState before) {
      if (before == null) {
        return new UpstreamState(wanted, wanted);
      }
      UpstreamSpec present = before.spec();
      UpstreamSpec configured = before.configured();
      if (present != null && isFound(key(wanted.name()), present)) {
        UpstreamSpec next = wanted.withServers(present.servers(), present.nextId());
        return new UpstreamState(next, next); // the block says how the servers are used
      }
      if (planShared.contains(key(wanted.name())) && stored.test(wanted.name())) {
        return new UpstreamState(
            present, configured == null ? wanted : wanted.succeeding(configured));
      }
      if (configured == null) {
        // made at run time, and now the file has it too: the file says what it is
        UpstreamSpec next = present == null ? wanted : wanted.succeeding(present);
        return new UpstreamState(next, next);
      }
      if (present == null) {
        UpstreamSpec next = wanted.succeeding(configured);
        boolean same = next.servers().equals(configured.servers());
        return new UpstreamState(same ? null : next, next);
      }
      if (!before.isChanged()) {
        UpstreamSpec next = wanted.succeeding(present);
        return new UpstreamState(next, next);
      }
      UpstreamSpec next = SpecMerge.merge(configured, wanted, present);
      return new UpstreamState(next, SpecMerge.configured(configured, wanted, present));
    }
  }
}

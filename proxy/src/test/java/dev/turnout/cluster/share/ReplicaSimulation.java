package dev.turnout.cluster.share;

import dev.turnout.cluster.Origin;
import dev.turnout.cluster.share.Replica.Link;
import dev.turnout.cluster.share.SharedStore.Commit;
import dev.turnout.cluster.share.SharedStore.State;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Three nodes and a store in a world where chance decides what happens next: messages are late,
/// told twice or lost with their connection, transactions are stuck and made later, nodes crash and
/// start again, operators write by hand, and the store stops, loses its last revisions, or all of
/// them. The same seed is the same story.
///
/// After each step the invariants hold that [Replica] promises; at the end everything is healed,
/// and all must come to agree. What happened is in [#story], for the seed that fails.
final class ReplicaSimulation {
  private static final String PREFIX = "t:";
  private static final String LINEAGE = "t:@cluster";
  private static final String NOTES = "t:@by:";
  private static final int STEPS = 400;

  /// A rule that was broken.
  static final class Broken extends AssertionError {
    private static final long serialVersionUID = 1;

    Broken(String what) {
      super(what);
    }
  }

  private final boolean telling;
  private final Random chance;
  private final boolean valuesAreVersions; // as in Redis; else revisions are, as in etcd
  private final boolean losesRevisions;
  private final List<String> keys = new ArrayList<>();
  private final Store store = new Store();
  private final List<Node> nodes = new ArrayList<>();
  private final List<String> story = new ArrayList<>();
  private int written;

  /// @param telling whether what happens is told; what happens is the same
  ReplicaSimulation(long seed, boolean telling) {
    this.telling = telling;
    chance = new Random(seed);
    valuesAreVersions = chance.nextBoolean();
    losesRevisions = chance.nextInt(3) > 0;
    int count = 1 + chance.nextInt(4);
    for (int i = 0; i < count; i++) {
      keys.add(PREFIX + "k" + i);
    }
    for (int i = 0; i < 3; i++) {
      nodes.add(new Node("n" + i, chance.nextBoolean()));
    }
  }

  /// What happened so far, a line a step.
  List<String> story() {
    return story;
  }

  private void tell(Supplier<String> what) {
    if (telling) {
      story.add(what.get());
    }
  }

  void run() {
    for (int i = 0; i < STEPS; i++) {
      step();
      nodes.forEach(Node::check);
      if (nodes.stream().allMatch(Node::isQuiet) && store.requests.isEmpty()) {
        agree();
        store.allIsAsItWas();
      }
    }
    heal();
  }

  private void step() {
    Node node = nodes.get(chance.nextInt(nodes.size()));
    int dice = chance.nextInt(100);
    if (dice < 45) {
      node.move();
    } else if (dice < 60) {
      node.operate();
    } else if (dice < 68) {
      store.serveOne();
    } else if (dice < 71) {
      node.loseConnection();
    } else if (dice < 77) {
      node.connect();
    } else if (dice < 80) {
      node.timeOut();
    } else if (dice < 83) {
      node.crash();
    } else if (dice < 88) {
      node.start();
    } else if (dice < 91) {
      byHand();
    } else if (dice < 92) {
      store.stop();
    } else if (dice < 96) {
      store.start();
    } else if (dice < 97) {
      node.hearTwice();
    } else if (losesRevisions && chance.nextInt(4) == 0) {
      store.restartWithLoss();
    }
  }

  private void byHand() {
    String key = keys.get(chance.nextInt(keys.size()));
    if (store.up) {
      String value = chance.nextInt(4) == 0 ? null : "hand" + ++written;
      tell(() -> "by hand " + key + " = " + value);
      store.byHand(key, value);
    }
  }

  /// Everything works from now on; all must come to agree.
  private void heal() {
    tell(() -> "---- healed");
    store.start();
    for (int round = 0; round < 400; round++) {
      while (store.serveOne()) {
        // transactions that were on their way
      }
      for (Node node : nodes) {
        node.start();
        node.connect();
        node.move();
      }
      if (nodes.stream().allMatch(Node::isQuiet)) {
        agree();
        return;
      }
    }
    throw new Broken("they do not come to rest: " + nodes);
  }

  private void agree() {
    Map<String, String> there = store.values();
    for (Node node : nodes) {
      if (!node.served.equals(there)) {
        throw new Broken(node.name + " serves " + node.served + ", the store has " + there);
      }
    }
    store.nothingIsLost();
    nodes.forEach(Node::keptNothingBack);
  }

  // ---- the store

  /// A transaction on its way to the store.
  private record Request(Node from, int connection, Transaction transaction) {}

  private final class Store {
    private final TreeMap<String, Reading.Present> content = new TreeMap<>();
    private final List<TreeMap<String, Reading.Present>> past = new ArrayList<>(); // by revision
    private final ArrayDeque<Request> requests = new ArrayDeque<>();
    private final Map<String, List<@Nullable String>> order = new HashMap<>(); // values of keys
    private final Map<String, @Nullable String> truth = new HashMap<>();
    private final Set<String> deletedByHand = new HashSet<>();
    private final Set<Transaction> made = new HashSet<>();
    private boolean up = true;
    private boolean everLost;
    private int losses;
    private long revisionThen; // before the last loss
    private @Nullable String clusterThen;
    private final Map<String, String> notesThen = new HashMap<>(); // that others had come after
    private @Nullable String lineageThen; // after it
    private final Map<String, @Nullable String> beforeLoss = new HashMap<>();
    private final Map<String, Map<Node, Integer>> witnesses = new HashMap<>();
    private long revision;

    Store() {
      past.add(new TreeMap<>());
    }

    Map<String, String> values() {
      Map<String, String> values = new TreeMap<>();
      content.forEach((key, present) -> {
        if (!key.contains("@")) {
          values.put(key, present.value());
        }
      });
      return values;
    }

    State all() {
      return new State(revision, new HashMap<>(content));
    }

    private Reading reading(String key) {
      Reading.Present there = content.get(key);
      return there == null ? Reading.ABSENT : there;
    }

    private void put(String key, @Nullable String value) {
      if (value == null) {
        content.remove(key);
      } else {
        content.put(
            key, new Reading.Present(value, (valuesAreVersions ? "" : revision) + "=" + value));
      }
      deletedByHand.remove(key);
      if (!key.contains("@")) {
        order
            .computeIfAbsent(key, _ -> new ArrayList<>(java.util.Arrays.asList((String) null)))
            .add(value);
      }
    }

    void byHand(String key, @Nullable String value) {
      if (value == null && !content.containsKey(key)) {
        return; // nothing happens
      }
      if (!valuesAreVersions) {
        next();
      }
      put(key, value);
      if (valuesAreVersions) {
        past.set((int) revision, new TreeMap<>(content)); // it has no revision of its own
      } else {
        past.add(new TreeMap<>(content));
      }
      boolean someoneIsBehind = nodes.stream().anyMatch(Node::isBehind);
      if (((everLost && someoneIsBehind) || lineage() == null) && value == null) {
        // By hand leaves no trace: a node that has yet to see what the store has lost cannot tell a
        // key that is not there because of that from one that was deleted since.
        truth.remove(key);
        beforeLoss.remove(key);
      } else {
        truth.put(key, value);
      }
      if (value == null) {
        deletedByHand.add(key);
      }
      told(Set.of(key));
    }

    private void next() {
      revision++;
      // Past what it had before it lost something, no note left by which that could be told, and
      // nobody has noticed: nobody will.
      boolean noticed = !Objects.equals(lineage(), lineageThen);
      boolean isTold =
          notesThen.entrySet().stream().anyMatch(one -> one.getValue().equals(text(one.getKey())));
      if (losses > 0 && !noticed && revision >= revisionThen && !isTold) {
        beforeLoss.clear();
      }
    }

    /// Everybody has seen what the store has lost, and it has what could be brought back: from now
    /// on all promises hold as if it never had.
    void allIsAsItWas() {
      everLost = false;
      losses = 0;
      beforeLoss.clear();
      witnesses.clear();
      order.clear();
      values().forEach((key, value) -> order.put(key, new ArrayList<>(List.of(value))));
      nodes.forEach(node -> node.place.clear());
    }

    private @Nullable String text(String key) {
      return content.get(key) instanceof Reading.Present(String text, _) ? text : null;
    }

    private @Nullable String cluster() {
      String text = lineage();
      Lineage there = text == null ? null : Lineage.parse(text);
      return there == null ? null : there.id();
    }

    private @Nullable String lineage() {
      return text(LINEAGE);
    }

    private void told(Set<String> changed) {
      Map<String, Reading> some = new HashMap<>();
      changed.forEach(key -> some.put(key, reading(key)));
      for (Node node : nodes) {
        if (node.connected) {
          node.inbox.add(new Told.Changed(new State(revision, some)));
          node.inbox.add(new Told.Settled(revision));
        }
      }
    }

    /// Makes one of the transactions that are on their way; each connection's in order.
    boolean serveOne() {
      if (!up || requests.isEmpty()) {
        return false;
      }
      Request request = requests.remove();
      Node node = request.from;
      Transaction transaction = request.transaction;
      Map<String, Reading> present = new HashMap<>();
      boolean asExpected = true;
      for (Map.Entry<String, String> one : transaction.expected().entrySet()) {
        Reading there = reading(one.getKey());
        present.put(one.getKey(), there);
        asExpected &= there.version().equals(one.getValue());
      }
      Commit answer; // what the node will hear
      if (asExpected) {
        next();
        Map<String, String> before = values();
        Map<String, String> versions = new HashMap<>();
        transaction
            .writes()
            .forEach((key, value) -> {
              put(key, value);
              versions.put(key, reading(key).version());
            });
        past.add(new TreeMap<>(content));
        made.add(transaction);
        Set<String> asked = node.operations.getOrDefault(transaction, Set.of());
        transaction
            .writes()
            .forEach((key, value) -> {
              if (!key.contains("@") && !Objects.equals(before.get(key), value)) {
                wrote(key, value, !asked.contains(key), node);
              } else if (asked.contains(key)) {
                beforeLoss.remove(key); // somebody wants it as it is
              }
            });
        told(transaction.writes().keySet());
        answer = new Commit.Done(revision, versions, 0);
      } else {
        if (valuesAreVersions) { // so that it can be told from what was read before
          next();
          past.add(new TreeMap<>(content));
        }
        answer = new Commit.Conflict(new State(revision, present));
      }
      Commit made = answer;
      tell(() -> "made for " + node.name + " " + transaction + ": " + made);
      if (request.connection == node.connection) {
        node.answer = answer;
      }
      return true;
    }

    /// Someone's wish counts; what a node brings back may only be what had been there.
    private void wrote(String key, @Nullable String value, boolean restores, Node node) {
      if (restores) {
        if (truth.containsKey(key) && !Objects.equals(truth.get(key), value)) {
          throw new Broken(
              node.name
                  + " brings back "
                  + key
                  + " = "
                  + value
                  + ", but "
                  + truth.get(key)
                  + " is what was last wanted");
        }
      } else {
        truth.put(key, value);
      }
    }

    void stop() {
      if (up) {
        tell(() -> "the store stops to answer");
        up = false;
      }
    }

    void start() {
      if (!up) {
        tell(() -> "the store answers again");
        up = true;
      }
    }

    /// It is killed and comes back with less than it had.
    void restartWithLoss() {
      everLost = true;
      int to = chance.nextInt(4) == 0 ? 0 : Math.max(0, (int) revision - chance.nextInt(6));
      TreeMap<String, Reading.Present> then = to == 0 ? new TreeMap<>() : past.get(to);
      tell(() -> "the store goes back from " + past.size() + " to " + to);
      // What was wanted before is what the nodes that know it are to bring back.
      losses++;
      revisionThen = revision;
      clusterThen = cluster();
      lineageThen = then.get(LINEAGE) instanceof Reading.Present(String text, _) ? text : null;
      witnesses.clear();
      beforeLoss.clear();
      notesThen.clear();
      then.forEach((key, present) -> {
        if (key.startsWith(NOTES) && !present.value().equals(text(key))) {
          notesThen.put(key, present.value());
        }
      });
      for (String key : keys) {
        // A deletion by hand leaves no trace: to a node that has not heard of it, it looks like the
        // loss of what was there before.
        boolean isUntold =
            deletedByHand.contains(key)
                && nodes.stream().anyMatch(node -> node.replica != null && !node.knows(key, null));
        if (truth.containsKey(key) && !isUntold) {
          beforeLoss.put(key, truth.get(key));
          nodes.stream()
              .filter(
                  node -> node.knows(key, truth.get(key)) && node.hasSeen(key, then.get(key), to))
              .forEach(node ->
                  witnesses.computeIfAbsent(key, _ -> new HashMap<>()).put(node, node.starts));
        }
      }
      truth.clear();
      revision = to;
      content.clear();
      content.putAll(then);
      while (past.size() > to + 1) {
        past.removeLast();
      }
      requests.clear();
      nodes.forEach(Node::loseConnection);
    }

    void nothingIsLost() {
      truth.forEach((key, value) -> {
        if (!Objects.equals(value, values().get(key))) {
          throw new Broken(key + " was last wanted to be " + value + ", and is " + values());
        }
      });
      // A store with the name of another cluster is another one: what was in this one is not
      // mixed with it.
      if (losses == 1 && Objects.equals(cluster(), clusterThen)) {
        beforeLoss.forEach((key, value) -> {
          boolean isKnown =
              witnesses.getOrDefault(key, Map.of()).entrySet().stream()
                  .anyMatch(one -> one.getKey().starts == one.getValue());
          if (isKnown && !truth.containsKey(key) && !Objects.equals(value, values().get(key))) {
            throw new Broken(
                key
                    + " was "
                    + value
                    + " before the store lost it, which is known; it is "
                    + values());
          }
        });
      }
    }
  }

  // ---- a node

  private sealed interface Told {
    record Synced(State all) implements Told {}

    record Changed(State some) implements Told {}

    record Settled(long revision) implements Told {}

    record Lost() implements Told {}
  }

  private final class Node {
    final String name;
    final boolean keeps; // on_unavailable=local
    final ArrayDeque<Told> inbox = new ArrayDeque<>();
    final Map<Transaction, Set<String>> operations =
        new HashMap<>(); // keys that somebody asked for
    final Map<String, @Nullable String> kept = new HashMap<>(); // what its operators were promised
    // what outlives it
    final Map<String, String> served = new TreeMap<>();
    Replica.@Nullable Known known;
    Map<String, Replica.Pending> pending = Map.of();
    // what does not
    @Nullable Replica replica;
    boolean connected;
    int connection;
    int starts;
    long heardSince; // the revision of the last snapshot
    final Map<String, Set<String>> heard = new HashMap<>(); // values of keys in the store
    boolean hasHeardAll; // that there was in its cluster
    @Nullable Transaction asked;
    @Nullable Map<String, Replica.Write> wanted; // by an operator, if that is what is asked
    @Nullable Commit answer;
    final Map<String, Integer> place = new HashMap<>(); // in the order of values of a key
    Replica.@Nullable Known seen;

    Node(String name, boolean keeps) {
      this.name = name;
      this.keeps = keeps;
    }

    @Override
    public String toString() {
      return name + " " + (replica == null ? "dead" : replica.link()) + " " + inbox + " " + asked;
    }

    void start() {
      if (replica == null) {
        tell(() -> name + " starts");
        starts++;
        hasHeardAll = false;
        heard.clear();
        replica =
            new Replica(
                new Replica.Names(LINEAGE, NOTES, name),
                Integer.toString(chance.nextInt(1 << 30), 36),
                1 + chance.nextInt(3),
                served,
                known,
                pending);
        seen = null;
      }
    }

    void crash() {
      if (replica != null) {
        tell(() -> name + " crashes");
        drop();
        replica = null;
      }
    }

    private void drop() {
      connected = false;
      connection++;
      asked = null;
      wanted = null;
      answer = null;
      inbox.clear();
    }

    void loseConnection() {
      if (connected) {
        tell(() -> name + " is cut off");
        connected = false;
        inbox.clear();
        inbox.add(new Told.Lost());
        if (chance.nextBoolean()) {
          connection++; // answers are lost, too
        }
      }
    }

    void connect() {
      if (replica != null && !connected && store.up) {
        tell(() -> name + " is connected");
        connected = true;
        inbox.add(new Told.Synced(store.all()));
      }
    }

    void hearTwice() {
      if (connected && inbox.peekLast() instanceof Told.Changed last) {
        inbox.add(last);
      }
    }

    /// It waits no longer for an answer.
    void timeOut() {
      if (asked != null && answer == null) {
        tell(() -> name + " waits no longer");
        connection++; // a late answer is not heard
        answer = new Commit.Unknown("no answer");
      }
    }

    /// Takes its next step, if there is one.
    void move() {
      Replica now = replica;
      if (now == null) {
        return;
      }
      Transaction waiting = asked;
      if (waiting != null) {
        Commit come = answer;
        if (come == null) {
          if (!connected || !store.requests.stream().anyMatch(one -> one.from == this)) {
            timeOut();
          }
          return;
        }
        asked = null;
        answer = null;
        made(now, waiting, come);
      } else if (!inbox.isEmpty()) {
        Told told = inbox.remove();
        tell(() -> name + " hears " + told);
        switch (told) {
          case Told.Synced(State all) -> {
            Replica.Step step = now.synced(all);
            if (!step.again()) {
              heardSince = all.revision();
              all.keys().forEach(this::hear);
              hasHeardAll |= now.known() != null;
            }
            take(now, step);
          }
          case Told.Changed(State some) -> {
            if (now.link() != Link.DOWN) { // else it waits for all that there is
              some.keys().forEach(this::hear);
            }
            take(now, now.changed(some));
          }
          case Told.Settled(long revision) -> now.settled(revision);
          case Told.Lost() -> now.lost();
        }
      } else if (connected) {
        Transaction opening = now.opening();
        if (opening != null) {
          operations.put(opening, Set.copyOf(now.pending().keySet()));
          ask(opening);
        }
      }
      save(now);
    }

    private void hear(String key, Reading reading) {
      if (reading instanceof Reading.Present(String value, _)) {
        heard.computeIfAbsent(key, _ -> new HashSet<>()).add(value);
      }
    }

    private void ask(Transaction transaction) {
      asked = transaction;
      store.requests.add(new Request(this, connection, transaction));
    }

    private void made(Replica now, Transaction transaction, Commit come) {
      Map<String, Replica.Write> wish = wanted;
      wanted = null;
      take(now, now.made(transaction, come));
      if (come instanceof Commit.Done) {
        if (!store.made.contains(transaction)) {
          throw new Broken(name + " believes what was not made: " + transaction);
        }
        if (wish != null) {
          wish.forEach((key, write) -> {
            serve(key, write.value());
          });
        }
        transaction.writes().keySet().forEach(kept::remove);
      } else if (wish != null && keeps && come instanceof Commit.Unknown) {
        keep(now, wish);
      }
    }

    private void keep(Replica now, Map<String, Replica.Write> wish) {
      tell(() -> name + " keeps " + wish);
      now.keep(wish);
      wish.forEach((key, write) -> {
        kept.put(key, write.value());
        serve(key, write.value());
      });
    }

    /// Somebody wants something of it.
    void operate() {
      Replica now = replica;
      if (now == null || asked != null) {
        return;
      }
      String key = keys.get(chance.nextInt(keys.size()));
      String value = chance.nextInt(3) == 0 ? null : name + "v" + ++written;
      if (Objects.equals(value, served.get(key))) {
        return; // nothing to do
      }
      Map<String, Replica.Write> wish = Map.of(key, new Replica.Write(value, chance.nextBoolean()));
      if (now.link() == Link.UP) {
        Transaction transaction =
            now.propose(wish, List.of(new Note.Change(List.of(key), Origin.of("test", name))));
        tell(() -> name + " is asked for " + wish);
        operations.put(transaction, Set.of(key));
        wanted = wish;
        ask(transaction);
      } else if (keeps) {
        keep(now, wish);
      }
      save(now);
    }

    private void take(Replica now, Replica.Step step) {
      for (Replica.Conflict conflict : step.conflicts()) {
        tell(() -> name + " shows " + conflict);
        kept.remove(conflict.key());
      }
      step.serve().forEach(this::serve);
      if (step.again() && connected) {
        inbox.removeIf(told -> told instanceof Told.Synced);
        inbox.add(new Told.Synced(store.all()));
      }
      kept.keySet()
          .removeIf(key ->
              !now.pending().containsKey(key) && Objects.equals(now.value(key), kept.get(key)));
    }

    private void serve(String key, @Nullable String value) {
      if (value == null) {
        served.remove(key);
      } else {
        served.put(key, value);
      }
    }

    private void save(Replica now) {
      pending = Map.copyOf(now.pending());
      if (chance.nextInt(4) > 0) {
        known = now.known(); // sometimes it is late
      }
    }

    /// True if this process knows that the key was this at a revision. What it was in between two
    /// times at which the store was heard cannot be told from what somebody wants. (No two values
    /// of the simulation are equal, but that there is none may have been more than once.)
    boolean hasSeen(String key, Reading.@Nullable Present then, long at) {
      return then == null
          ? heardSince <= at
          : heard.getOrDefault(key, Set.of()).contains(then.value());
    }

    boolean knows(String key, @Nullable String value) {
      Replica now = replica;
      return now != null
          && hasHeardAll
          && !now.pending().containsKey(key)
          && Objects.equals(now.value(key), value);
    }

    /// True if it remembers something, and may have yet to hear what the store has lost.
    boolean isBehind() {
      Replica now = replica;
      Replica.Known there = now == null ? null : now.known();
      return now != null
          && (!connected
              || now.link() != Link.UP
              || there == null
              || !there.lineage().text().equals(store.lineage())
              || inbox.stream().anyMatch(told -> !(told instanceof Told.Changed)));
    }

    boolean isQuiet() {
      return replica != null
          && connected
          && replica.link() == Link.UP
          && inbox.isEmpty()
          && asked == null
          && replica.pending().isEmpty();
    }

    void keptNothingBack() {
      if (!kept.isEmpty()) {
        throw new Broken(name + " promised " + kept + ", and neither wrote nor showed it");
      }
    }

    void check() {
      Replica now = replica;
      if (now == null) {
        return;
      }
      if (!now.values().equals(served)) {
        throw new Broken(name + " serves " + served + " and holds " + now.values());
      }
      Replica.Known before = seen;
      Replica.Known after = now.known();
      if (before != null
          && after != null
          && before.lineage().equals(after.lineage())
          && after.revision() < before.revision()
          && !store.everLost) {
        throw new Broken(name + " goes back from " + before + " to " + after);
      }
      seen = after;
      if (!store.everLost) {
        keys.stream().filter(key -> !now.pending().containsKey(key)).forEach(this::inOrder);
      }
    }

    /// The values of a key are served in the order in which they were written.
    private void inOrder(String key) {
      List<@Nullable String> values = store.order.getOrDefault(key, List.of());
      int at = place.getOrDefault(key, 0);
      String now = served.get(key);
      if (values.isEmpty() && now == null) {
        return;
      }
      while (at < values.size() && !Objects.equals(values.get(at), now)) {
        at++;
      }
      if (at == values.size()) {
        throw new Broken(
            name
                + " serves "
                + key
                + " = "
                + now
                + " again, after place "
                + place.get(key)
                + " of "
                + values);
      }
      place.put(key, at);
    }
  }
}

package dev.turnout.scale;

import dev.turnout.autoscaler.Action;
import dev.turnout.autoscaler.Controller;
import dev.turnout.autoscaler.Decision;
import dev.turnout.autoscaler.ManualTarget;
import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.ServerSeen;
import dev.turnout.autoscaler.ServerState;
import dev.turnout.autoscaler.policy.Packing;
import dev.turnout.cluster.Delta;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.ControlPlane;
import dev.turnout.control.Drain;
import dev.turnout.control.Drains;
import dev.turnout.http.Upstreams;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSet;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.PeerState;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The autoscaler of one group: a virtual thread that looks, decides and acts, once an interval.
///
/// A server that is `down` belongs to the pool that it starts servers from; one that somebody else
/// drains is left alone. What it remembers of servers is guarded by its monitor; requests do not
/// know of it.
final class Scaler {
  static final String DIALECT = "autoscale";
  static final String WHO = "autoscaler";
  private static final long SAMPLE_MILLIS = 100;
  private static final int REMEMBERED = 200;
  private static final long ASIDE_SECONDS = 60;
  private static final double SETUP_WEIGHT = 0.3;
  private static final int REMEMBERED_CHANGES = 1000;

  /// After so long what the others say is of now.
  private static final long HEARD_MILLIS = 3000;

  private final String name;
  private final ControlPlane control;
  private final Upstreams upstreams;
  private final Cohort.Seat seat;
  private final long startNanos = System.nanoTime();

  private final Map<Long, Member> members = new LinkedHashMap<>();
  private final ArrayDeque<ScaleView.Made> decisions = new ArrayDeque<>();
  private ScaleSettings settings;
  private ErrorLog log;
  private Controller controller;
  private Packing packing;
  private Looks looks;
  private ScaleView.@Nullable ByHand byHand;
  private ScaleView.Totals totals =
      new ScaleView.Totals(System.currentTimeMillis(), 0, 0, 0, 0, 0, 0, 0, 0);
  private ScaleView.@Nullable Now now;
  private List<ScaleView.Server> servers = List.of();
  private double setupSeconds;
  private String lastKind = "";
  private long lastLookNanos = System.nanoTime();
  private @Nullable Thread thread;
  private boolean stopped;

  Scaler(
      String name,
      ControlPlane control,
      Upstreams upstreams,
      ScaleSettings settings,
      ErrorLog log,
      Cohort.Seat seat) {
    this.name = name;
    this.seat = seat;
    this.control = control;
    this.upstreams = upstreams;
    this.settings = settings;
    this.log = log;
    this.setupSeconds = settings.setupMillis() / 1000.0;
    this.packing = packing(settings);
    this.controller = controller(settings, packing);
    this.looks = new Looks(settings.latencyMillis());
  }

  private static Packing packing(ScaleSettings settings) {
    double given = settings.packing();
    return settings.learns()
        ? Packing.learned(given, Math.max(1, given / 3), given)
        : Packing.fixed(given);
  }

  private static Controller controller(ScaleSettings settings, Packing packing) {
    Policy policy = PolicyMaker.make(settings, packing);
    return new Controller(policy, settings.limits());
  }

  synchronized void start() {
    thread = Thread.ofVirtual().name("autoscale-" + name).start(this::run);
  }

  /// Goes over to the settings of another configuration; what it is doing goes on.
  synchronized void follow(ScaleSettings next, ErrorLog nextLog) {
    log = nextLog;
    if (next.equals(settings)) {
      return;
    }
    settings = next;
    packing = packing(next);
    controller = controller(next, packing);
    looks = new Looks(next.latencyMillis());
  }

  /// Ends; servers stay as they are, and drains go on.
  void stop() {
    Thread running;
    synchronized (this) {
      stopped = true;
      running = thread;
      members
          .values()
          .forEach(member -> {
            if (member.starting != null) {
              member.starting.interrupt();
            }
          });
    }
    if (running != null) {
      running.interrupt();
    }
    seat.leave();
    Upstream upstream = upstreams.find(name);
    if (upstream != null) {
      upstream.pack(Double.NaN);
    }
  }

  synchronized void byHand(ScaleView.@Nullable ByHand wanted) {
    byHand = wanted;
  }

  synchronized ScaleView view() {
    ScaleView.ByHand hand = byHand;
    boolean expired = hand != null && hand.untilMillis() <= System.currentTimeMillis();
    return new ScaleView(
        name,
        settings.policy(),
        settings.dryRun(),
        seat.standing().leads(),
        seat.standing().leader(),
        settings.limits().min(),
        settings.limits().max(),
        settings.limits().spares(),
        Math.round(settings.limits().waitSeconds() * 1000),
        settings.intervalMillis(),
        expired ? null : hand,
        now,
        totals,
        servers,
        new ArrayList<>(decisions));
  }

  // ---- the loop

  private void run() {
    try {
      long next = System.nanoTime();
      while (!isStopped()) {
        long pause = Math.min(SAMPLE_MILLIS, intervalMillis());
        TimeUnit.MILLISECONDS.sleep(pause);
        Upstream upstream = upstreams.find(name);
        long nanos = System.nanoTime();
        if (upstream != null) {
          looks().sample(upstream, nanos);
        }
        if (nanos - next < 0) {
          continue;
        }
        next = nanos + TimeUnit.MILLISECONDS.toNanos(intervalMillis());
        if (upstream != null) {
          lookSafely(upstream);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean isStopped() {
    return stopped;
  }

  private synchronized long intervalMillis() {
    return settings.intervalMillis();
  }

  private synchronized Looks looks() {
    return looks;
  }

  /// A bug must not end the autoscaler: who is not looked after keeps the servers it has.
  private void lookSafely(Upstream upstream) {
    try {
      look(upstream);
    } catch (RuntimeException e) {
      log.log(Level.ALERT, 0, "autoscale \"" + name + "\": unexpected failure", e);
    }
  }

  private void look(Upstream upstream) {
    long nanos = System.nanoTime();
    long nowMillis = nanos / 1_000_000;
    Decision decision;
    List<PeerSpec> group;
    Looks.Figures figures;
    Observation seen;
    Standing standing = seat.standing();
    boolean acts = standing.leads() && !isDry();
    if (acts) {
      takeOverDrains(group(upstream)); // they are the first to be taken back
    }
    synchronized (this) {
      figures = looks.look(upstream, nowMillis);
      group = group(upstream);
      adoptDrains();
      List<ServerSeen> observed = new ArrayList<>();
      for (PeerSpec server : group) {
        observed.add(seen(upstream.current(), server, figures, standing.others(), nowMillis));
      }
      Standing.Figures own = own(upstream.current(), group, figures);
      seat.report(own);
      figures = figures.of(own.plus(standing.others()));
      double seconds = (nanos - startNanos) / 1e9;
      hand(seconds);
      seen =
          new Observation(
              seconds,
              figures.inSystem(),
              figures.rate(),
              figures.errorShare(),
              figures.slowShare(),
              figures.complete(),
              setupSeconds,
              observed);
      decision = controller.decide(seen);
      if (settings.learns() && upstream.current().spec().method() instanceof BalancingMethod.Pack) {
        upstream.pack(packing.value());
      }
      account(group, seen, nanos);
      show(upstream, group, seen, figures, decision);
    }
    tell(seen, decision, figures, standing, acts ? act(group, decision) : null);
  }

  /// What this node sees, for the others.
  private static Standing.Figures own(PeerSet set, List<PeerSpec> group, Looks.Figures figures) {
    Set<String> busy = new HashSet<>();
    for (PeerSpec server : group) {
      if (set.byServer().getOrDefault(server.id(), List.of()).stream()
          .anyMatch(peer -> peer.active() > 0)) {
        busy.add(server.server());
      }
    }
    return new Standing.Figures(
        figures.complete(), figures.inSystem(), figures.rate(), figures.errorShare(), busy);
  }

  /// The servers that come and go: backups do not.
  private static List<PeerSpec> group(Upstream upstream) {
    return upstream.current().spec().servers().stream().filter(one -> !one.backup()).toList();
  }

  private void hand(double seconds) {
    ScaleView.ByHand hand = byHand;
    long left = hand == null ? 0 : hand.untilMillis() - System.currentTimeMillis();
    controller.manual(
        hand == null || left <= 0 ? null : new ManualTarget(hand.servers(), seconds + left / 1e3));
  }

  private ServerSeen seen(
      PeerSet set,
      PeerSpec server,
      Looks.Figures figures,
      Standing.Figures others,
      long nowMillis) {
    Member member = members.computeIfAbsent(server.id(), Member::new);
    List<Peer> peers = set.byServer().getOrDefault(server.id(), List.of());
    boolean healthy = false;
    boolean idle = !others.busy().contains(server.server());
    for (Peer peer : peers) {
      healthy |= peer.state(nowMillis) == PeerState.UP;
      idle &= peer.active() == 0 && figures.requests().getOrDefault(peer.id(), 0L) == 0;
    }
    return new ServerSeen(server.server(), state(member, server), healthy, idle);
  }

  private ServerState state(Member member, PeerSpec server) {
    if (member.starting != null) {
      return ServerState.STARTING;
    }
    if (member.stopping) {
      return ServerState.ASIDE;
    }
    if (server.down()) {
      boolean aside = member.aside && System.nanoTime() - member.asideUntilNanos < 0;
      return aside ? ServerState.ASIDE : ServerState.OFF;
    }
    if (server.drain()) {
      return member.drain != null ? ServerState.DRAINING : ServerState.ASIDE;
    }
    return ServerState.ON;
  }

  /// Takes up the drains that it began before a restart, and what follows those that are over.
  private void adoptDrains() {
    for (Drain drain : control.drains().all()) {
      boolean ours =
          drain.origin().dialect().equals(DIALECT) && drain.upstream().equalsIgnoreCase(name);
      Member member = members.get(drain.server());
      if (!ours || member == null) {
        continue;
      }
      if (!drain.phase().isOver()) {
        member.drain = drain.id();
      } else if (drain.id().equals(member.drain)) {
        member.drain = null;
        if (drain.phase() == Drain.Phase.DONE) {
          stopped(member, drain.address());
        }
      }
    }
  }

  /// Takes over drains that an autoscaler began and nobody looks after any more: its node is gone.
  private void takeOverDrains(List<PeerSpec> group) {
    for (PeerSpec server : group) {
      if (server.drain() && !server.down() && isLeftOver(server)) {
        String why = "taking over the drain of " + server.server();
        log.log(Level.NOTICE, "autoscale \"" + name + "\": " + why);
        drain(server, new Origin(DIALECT, WHO, why));
      }
    }
  }

  private boolean isLeftOver(PeerSpec server) {
    synchronized (this) {
      if (member(server).drain != null) {
        return false;
      }
    }
    boolean lookedAfter =
        control.drains().all().stream()
            .anyMatch(drain ->
                !drain.phase().isOver()
                    && drain.server() == server.id()
                    && drain.upstream().equalsIgnoreCase(name));
    return !lookedAfter && DIALECT.equals(drainedBy(server));
  }

  /// Through which dialect a server was told to drain; null if that is not remembered.
  private @Nullable String drainedBy(PeerSpec server) {
    List<JournalEntry> entries = control.writer().history().last(REMEMBERED_CHANGES);
    for (JournalEntry entry : entries.reversed()) {
      for (Delta delta : entry.deltas()) {
        if (delta
                instanceof Delta.OfUpstream(String group, UpstreamState before, UpstreamState after)
            && group.equalsIgnoreCase(name)
            && isDrained(after, server)
            && !isDrained(before, server)) {
          return entry.origin().dialect();
        }
      }
    }
    return null;
  }

  private static boolean isDrained(@Nullable UpstreamState state, PeerSpec server) {
    UpstreamSpec spec = state == null ? null : state.spec();
    return spec != null
        && spec.servers().stream().anyMatch(one -> one.id() == server.id() && one.drain());
  }

  // ---- acting

  private @Nullable Long act(List<PeerSpec> group, Decision decision) {
    Long revision = null;
    for (Action action : decision.actions()) {
      PeerSpec server = group.get(action.server());
      Origin origin = new Origin(DIALECT, WHO, decision.text());
      Long made =
          switch (action) {
            case Action.Start _ -> start(server, origin);
            case Action.TakeBack _ -> takeBack(server, origin);
            case Action.Drain _ -> drain(server, origin);
            case Action.GiveUp _ -> giveUp(server);
          };
      revision = made != null ? made : revision;
    }
    return revision;
  }

  private synchronized boolean isDry() {
    return settings.dryRun();
  }

  private @Nullable Long takeBack(PeerSpec server, Origin origin) {
    String id;
    synchronized (this) {
      id = member(server).drain;
    }
    if (id == null) {
      return null;
    }
    return switch (control.drains().cancel(id, ChangeRequest.of(origin))) {
      case Drains.Cancel.Cancelled(_, long revision) -> {
        synchronized (this) {
          member(server).drain = null;
          count(0, 0, 1, 0);
        }
        yield revision;
      }
      case Drains.Cancel.NotMade(ChangeResult why) -> complain(server, "taken back", why);
      case Drains.Cancel.TooLate _, Drains.Cancel.Unknown _ -> null; // it is off, or about to be
    };
  }

  private @Nullable Long drain(PeerSpec server, Origin origin) {
    Long deadline;
    synchronized (this) {
      deadline = settings.drainMillis();
    }
    return switch (control
        .drains()
        .begin(name, server.id(), deadline, Drain.Then.DOWN, ChangeRequest.of(origin))) {
      case Drains.Begin.Begun(Drain drain, long revision) -> {
        synchronized (this) {
          member(server).drain = drain.id();
          count(0, 1, 0, 0);
        }
        yield revision;
      }
      case Drains.Begin.Already _ -> null;
      case Drains.Begin.NotMade(ChangeResult why) -> complain(server, "drained", why);
    };
  }

  private @Nullable Long complain(PeerSpec server, String what, ChangeResult why) {
    String reason =
        why instanceof ChangeResult.Refused refused ? refused.message() : why.toString();
    log.log(
        Level.WARN,
        "autoscale \"" + name + "\": " + server.server() + " could not be " + what + ": " + reason);
    return null;
  }

  private @Nullable Long giveUp(PeerSpec server) {
    synchronized (this) {
      Thread starting = member(server).starting;
      if (starting != null) {
        starting.interrupt();
      }
      count(0, 1, 0, 0);
    }
    return null;
  }

  private Member member(PeerSpec server) {
    return members.computeIfAbsent(server.id(), Member::new);
  }

  private @Nullable Long start(PeerSpec server, Origin origin) {
    synchronized (this) {
      Member member = member(server);
      member.aside = false;
      member.starting =
          Thread.ofVirtual()
              .name("autoscale-start-" + server.id())
              .unstarted(() -> bringUp(member, server, origin));
      count(1, 0, 0, 0);
      member.starting.start();
    }
    return null;
  }

  /// On a virtual thread of its own: the hook, then until the server is ready, then the change.
  private void bringUp(Member member, PeerSpec server, Origin origin) {
    long began = System.nanoTime();
    Hook hook;
    Readiness readiness;
    synchronized (this) {
      hook = settings.onStart();
      readiness = settings.readiness();
    }
    String trouble;
    try {
      trouble = hook == null ? null : hook.run(about(server, "start"));
      if (trouble == null && !readiness.await(server.address())) {
        trouble = "it was not ready in " + readiness.timeoutMillis() + " ms";
      }
      if (trouble == null) {
        trouble = join(server, origin, (System.nanoTime() - began) / 1e9);
      }
    } catch (RuntimeException bug) { // else it would count as one that is about to serve for ever
      trouble = bug.toString();
    } catch (InterruptedException _) {
      boolean ends = isStopped();
      synchronized (this) {
        member.starting = null;
        if (!ends) {
          stopped(member, server.server());
        }
      }
      return;
    }
    synchronized (this) {
      member.starting = null;
      if (trouble != null) {
        member.aside = true;
        member.asideUntilNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(ASIDE_SECONDS);
        count(0, 0, 0, 1);
      }
    }
    if (trouble != null) {
      log.log(
          Level.ERROR,
          "autoscale \"" + name + "\": " + server.server() + " could not be started: " + trouble);
    }
  }

  /// The server takes requests from now on; returns why not, null if it does.
  private @Nullable String join(PeerSpec server, Origin origin, double seconds) {
    Origin ready =
        new Origin(
            DIALECT,
            WHO,
            String.format(Locale.ROOT, "%s (ready after %.1f s)", origin.why(), seconds));
    ChangeResult result =
        control
            .writer()
            .submit(
                ChangeRequest.of(
                    ready,
                    name,
                    new UpstreamChange.Update(
                        server.id(), PeerPatch.NOTHING.withDown(false).withDrain(false))))
            .join();
    if (!(result instanceof ChangeResult.Applied applied)) {
      return result instanceof ChangeResult.Refused refused ? refused.message() : result.toString();
    }
    synchronized (this) {
      setupSeconds =
          setupSeconds == 0 ? seconds : setupSeconds + (seconds - setupSeconds) * SETUP_WEIGHT;
      remember(
          server.server() + " is ready after " + String.format(Locale.ROOT, "%.1f s", seconds),
          List.of(new ScaleView.Step("ready", server.id())),
          applied.revision());
    }
    return null;
  }

  private Hook.About about(PeerSpec server, String action) {
    return new Hook.About(name, server.id(), server.server(), action);
  }

  /// Holding the monitor: the server is out of use, and what switches it off may run.
  private void stopped(Member member, String server) {
    remember(server + " is off", List.of(new ScaleView.Step("off", member.id)), null);
    Hook hook = settings.onStop();
    if (hook == null) {
      return;
    }
    member.stopping = true;
    Hook.About about = new Hook.About(name, member.id, server, "stop");
    Thread.ofVirtual()
        .name("autoscale-stop-" + member.id)
        .start(() -> {
          String trouble = null;
          try {
            awaitOthers(server);
            trouble = hook.run(about);
          } catch (InterruptedException _) {
            trouble = "interrupted";
          } catch (RuntimeException bug) {
            trouble = bug.toString();
          } finally {
            synchronized (this) {
              member.stopping = false;
              if (trouble != null) {
                count(0, 0, 0, 1);
              }
            }
          }
          if (trouble != null) {
            log.log(
                Level.ERROR,
                "autoscale \"" + name + "\": " + server + " could not be stopped: " + trouble);
          }
        });
  }

  /// Waits until no other node has requests at a server that is out of use, or as long as a drain
  /// may take.
  private void awaitOthers(String server) throws InterruptedException {
    Upstream upstream = upstreams.find(name);
    if (upstream == null || !control.sharing().isOn() || !upstreams.isShared(name)) {
      return;
    }
    Long most;
    synchronized (this) {
      most = settings.drainMillis();
    }
    long began = System.nanoTime();
    long passed = 0;
    Standing.Figures others = seat.standing().others();
    // what they said when the server went out of use is of before
    while (passed < HEARD_MILLIS || !others.complete() || others.busy().contains(server)) {
      if (most != null && passed >= Math.max(most, HEARD_MILLIS)) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(SAMPLE_MILLIS);
      passed = (System.nanoTime() - began) / 1_000_000;
      others = seat.standing().others();
    }
  }

  // ---- telling

  private void count(int starts, int stops, int takenBack, int hookFailures) {
    totals =
        new ScaleView.Totals(
            totals.sinceMillis(),
            totals.serverSeconds(),
            totals.alwaysOnServerSeconds(),
            totals.wattHours(),
            totals.alwaysOnWattHours(),
            totals.starts() + starts,
            totals.stops() + stops,
            totals.takenBack() + takenBack,
            totals.hookFailures() + hookFailures);
  }

  /// Adds what the servers drew since the last look, and what all of them would have drawn.
  private void account(List<PeerSpec> group, Observation seen, long nanos) {
    double hours = (nanos - lastLookNanos) / 3.6e12;
    lastLookNanos = nanos;
    ScaleSettings.Power power = settings.power();
    double busy = Math.min(group.size(), seen.inSystem() / packing.value());
    int running = 0;
    int starting = 0;
    for (ServerSeen server : seen.servers()) {
      switch (server.state()) {
        case ON, DRAINING -> running++;
        case STARTING -> starting++;
        case OFF, ASIDE -> {
          // draws nothing, or is not ours
        }
      }
    }
    double work = (power.busy() - power.idle()) * Math.min(busy, running);
    totals =
        new ScaleView.Totals(
            totals.sinceMillis(),
            totals.serverSeconds() + (running + starting) * hours * 3600,
            totals.alwaysOnServerSeconds() + group.size() * hours * 3600,
            totals.wattHours()
                + (running * power.idle() + work + starting * power.starting()) * hours,
            totals.alwaysOnWattHours()
                + (group.size() * power.idle() + (power.busy() - power.idle()) * busy) * hours,
            totals.starts(),
            totals.stops(),
            totals.takenBack(),
            totals.hookFailures());
  }

  private void show(
      Upstream upstream,
      List<PeerSpec> group,
      Observation seen,
      Looks.Figures figures,
      Decision decision) {
    long wall = System.currentTimeMillis();
    int failing = 0;
    List<ScaleView.Server> shown = new ArrayList<>();
    Map<Long, List<Peer>> peers = upstream.current().byServer();
    for (int i = 0; i < group.size(); i++) {
      ServerSeen server = seen.servers().get(i);
      PeerSpec spec = group.get(i);
      boolean fails = server.state() == ServerState.ON && !server.healthy();
      failing += fails ? 1 : 0;
      String state = fails ? "failing" : server.state().name().toLowerCase(Locale.ROOT);
      Member member = member(spec);
      if (!member.state.equals(state)) {
        member.state = state;
        member.sinceMillis = wall;
      }
      shown.add(
          new ScaleView.Server(
              spec.id(),
              spec.server(),
              state,
              member.sinceMillis,
              peers.getOrDefault(spec.id(), List.of()).stream().mapToInt(Peer::active).sum(),
              Math.round(controller.surplusSeconds(i, seen.seconds()) * 1000)));
    }
    servers = shown;
    int on = seen.carrying();
    now =
        new ScaleView.Now(
            wall,
            figures.complete(),
            figures.inSystem(),
            figures.rate(),
            on == 0 ? 0 : Math.min(1, figures.inSystem() / (on * packing.value())),
            figures.meanMillis(),
            figures.p95Millis(),
            figures.errorShare(),
            decision.target(),
            on,
            seen.count(ServerState.STARTING),
            seen.count(ServerState.DRAINING),
            seen.count(ServerState.OFF),
            failing,
            packing.value(),
            packing.isLearned(),
            Math.round(setupSeconds * 1000));
    members.keySet().retainAll(group.stream().map(PeerSpec::id).toList());
  }

  /// Keeps what acted, and looks that stand for something new.
  private void tell(
      Observation seen,
      Decision decision,
      Looks.Figures figures,
      Standing standing,
      @Nullable Long revision) {
    if (!standing.leads()) {
      return; // who acts tells
    }
    String kind =
        decision.target()
            + " "
            + seen.carrying()
            + " "
            + figures.complete()
            + " "
            + decision.actions();
    List<ScaleView.Step> steps = new ArrayList<>();
    synchronized (this) {
      if (kind.equals(lastKind)) {
        return;
      }
      lastKind = kind;
      for (Action action : decision.actions()) {
        steps.add(new ScaleView.Step(word(action), servers.get(action.server()).id()));
      }
      boolean quiet = steps.isEmpty() && !decisions.isEmpty();
      if (quiet && decisions.getLast().steps().isEmpty()) {
        decisions.removeLast(); // of those that do nothing in a row the latest is enough
      }
      remember(decision.text(), steps, revision);
    }
    if (steps.isEmpty()) {
      return;
    }
    String dry = isDry() ? " (dry run)" : "";
    log.log(Level.NOTICE, "autoscale \"" + name + "\"" + dry + ": " + decision.text());
    Map<String, Object> fields = new HashMap<>();
    fields.put("upstream", name);
    fields.put("text", decision.text());
    fields.put("target", decision.target());
    fields.put("on", seen.carrying());
    fields.put("starting", seen.count(ServerState.STARTING));
    fields.put("draining", seen.count(ServerState.DRAINING));
    fields.put("off", seen.count(ServerState.OFF));
    fields.put("dry_run", isDry());
    control.events().publish(DIALECT, fields);
  }

  private static String word(Action action) {
    return switch (action) {
      case Action.Start _ -> "start";
      case Action.TakeBack _ -> "take_back";
      case Action.Drain _ -> "drain";
      case Action.GiveUp _ -> "give_up";
    };
  }

  /// Holding the monitor.
  private void remember(String text, List<ScaleView.Step> steps, @Nullable Long revision) {
    ScaleView.Now last = now;
    decisions.addLast(
        new ScaleView.Made(
            System.currentTimeMillis(),
            text,
            last == null ? 0 : last.target(),
            last == null ? 0 : last.on(),
            last == null ? 0 : last.inSystem(),
            last == null ? 0 : last.rate(),
            steps,
            revision));
    if (decisions.size() > REMEMBERED) {
      decisions.removeFirst();
    }
  }
}

package dev.turnout.scale;

import dev.turnout.cluster.share.Lease;
import dev.turnout.control.ControlPlane;
import dev.turnout.control.Sharing;
import dev.turnout.control.StoreStatus;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What the autoscalers of several nodes with one store tell each other, and which of them acts:
/// for each group that is shared one, by a [Lease]. The others look, and do nothing. Each second
/// every node announces what it sees; who acts goes by the sum.
///
/// A virtual thread asks the store; nobody else waits for it. Guarded by its monitor.
final class Cohort {
  private static final long BEAT_MILLIS = 1000;
  private static final int BEATS_A_RENEWAL = 3;
  private static final long LEASE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final Duration ANNOUNCED_FOR = Duration.ofSeconds(5);
  private static final String NODE = "autoscale.";

  private final ControlPlane control;
  private final List<Seat> seats = new ArrayList<>();
  private @Nullable Thread thread;

  private Cohort(ControlPlane control) {
    this.control = control;
    control.atClose(this::close);
  }

  /// That of a process.
  static Cohort of(HttpEnvironment environment, ControlPlane control) {
    return environment.kept(Cohort.class, _ -> new Cohort(control));
  }

  /// One thing that one of the nodes acts for.
  final class Seat {
    private final String name;
    private final Predicate<Sharing.Setup> isShared;
    private final ErrorLog log;
    private volatile Standing.Figures own = Standing.Figures.UNKNOWN;
    private volatile Standing standing;

    private volatile @Nullable Lease lease;

    // of the thread alone
    private Sharing.@Nullable Setup setup;
    private boolean led;

    private Seat(String name, Predicate<Sharing.Setup> isShared, ErrorLog log) {
      this.name = name;
      this.isShared = isShared;
      this.log = log;
      this.standing = control.sharing().isWanted() ? Standing.UNKNOWN : Standing.ALONE;
    }

    /// What this node sees, for the others.
    void report(Standing.Figures figures) {
      own = figures;
    }

    /// How this node stands.
    Standing standing() {
      Lease present = lease;
      Standing now = standing;
      return present != null && now.leads() && !present.isHeld()
          ? new Standing(false, now.leader(), now.others())
          : now;
    }

    /// This node acts for it no more.
    void leave() {
      synchronized (Cohort.this) {
        seats.remove(this);
      }
      Lease present = lease;
      if (present != null) {
        Thread.ofVirtual().name("autoscale-leave").start(present::release);
      }
    }
  }

  /// Takes part in deciding who acts for something.
  ///
  /// @param name by which all nodes know it
  /// @param isShared whether a store has it; if not, this node acts
  synchronized Seat join(String name, Predicate<Sharing.Setup> isShared, ErrorLog log) {
    Seat seat = new Seat(name, isShared, log);
    seats.add(seat);
    notifyAll(); // it is looked after at once
    if (thread == null) {
      thread = Thread.ofVirtual().name("autoscale-cohort").start(this::run);
    }
    return seat;
  }

  private void close() {
    List<Seat> left;
    synchronized (this) {
      left = List.copyOf(seats);
      seats.clear();
      if (thread != null) {
        thread.interrupt();
      }
    }
    for (Seat seat : left) {
      Lease lease = seat.lease;
      if (lease != null) {
        lease.release();
      }
    }
  }

  private void run() {
    try {
      for (int beat = 0; ; beat++) {
        List<Seat> present;
        synchronized (this) {
          present = List.copyOf(seats);
        }
        beatSafely(present, beat % BEATS_A_RENEWAL == 0);
        synchronized (this) {
          if (present.equals(seats)) {
            wait(BEAT_MILLIS);
          }
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// A bug must not end it: nobody would act any more.
  private void beatSafely(List<Seat> present, boolean renewal) {
    try {
      beat(present, renewal);
    } catch (RuntimeException e) {
      present.stream()
          .findFirst()
          .ifPresent(seat -> seat.log.log(Level.ALERT, 0, "autoscale: unexpected failure", e));
    }
  }

  private void beat(List<Seat> present, boolean renewal) {
    Sharing.Setup setup = control.sharing().present();
    List<Seat> shared = new ArrayList<>();
    if (setup == null && control.sharing().isWanted()) {
      return; // it is not there yet
    }
    for (Seat seat : present) {
      if (setup == null || !seat.isShared.test(setup)) {
        seat.lease = null;
        seat.standing = Standing.ALONE;
      } else {
        shared.add(seat);
      }
    }
    if (setup == null || shared.isEmpty()) {
      return;
    }
    String node = control.sharing().status().node();
    if (node.isEmpty()) {
      return; // it has no name yet
    }
    Map<String, Standing.Figures> others = others(setup, node, shared);
    for (Seat seat : shared) {
      lead(seat, setup, node, renewal, others);
    }
  }

  private void lead(
      Seat seat,
      Sharing.Setup setup,
      String node,
      boolean renewal,
      Map<String, Standing.Figures> others) {
    Lease lease = seat.lease;
    if (lease == null || seat.setup == null || !seat.setup.store().equals(setup.store())) {
      lease =
          new Lease(
              setup.store(),
              setup.layout().prefix(),
              "autoscale:" + CohortText.escaped(seat.name),
              node,
              LEASE_NANOS,
              System::nanoTime);
      seat.lease = lease;
      seat.setup = setup;
      lease.renew();
    } else if (renewal || lease.holder().isEmpty()) {
      lease.renew();
    }
    boolean leads = lease.isHeld();
    seat.standing =
        new Standing(
            leads,
            leads ? node : lease.holder(),
            others.getOrDefault(seat.name, Standing.Figures.UNKNOWN));
    if (leads != seat.led) {
      seat.led = leads;
      seat.log.log(
          Level.NOTICE,
          "autoscale \""
              + seat.name
              + "\": "
              + (leads ? "this node acts" : "this node acts no more"));
    }
  }

  /// Says what this node sees, and hears what the others do: by name of the thing, the sum of all
  /// other nodes that live. Nothing where one of them did not say.
  private Map<String, Standing.Figures> others(
      Sharing.Setup setup, String node, List<Seat> shared) {
    Map<String, Standing.Figures> own = new HashMap<>();
    shared.forEach(seat -> own.put(seat.name, seat.own));
    Map<String, Standing.Figures> sums = new HashMap<>();
    try {
      setup.store().announce(NODE + node, CohortText.of(own), ANNOUNCED_FOR);
      Map<String, String> said = setup.store().nodes();
      List<StoreStatus.Member> members = control.sharing().members();
      for (Seat seat : shared) {
        Standing.Figures sum = Standing.Figures.NONE;
        for (StoreStatus.Member member : members) {
          if (!member.self()) {
            sum = sum.plus(CohortText.find(said.get(NODE + member.node()), seat.name));
          }
        }
        sums.put(seat.name, sum);
      }
    } catch (IOException _) {
      sums.clear(); // not known: nothing goes down
    }
    return sums;
  }
}

package dev.turnout.http.health;

import dev.turnout.upstream.HealthEvent;
import dev.turnout.upstream.HealthEvent.PeerChanged;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerState;
import dev.turnout.upstream.ProbeResult;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/// One check of one server: a virtual thread that probes, waits, and probes again until it is told
/// to stop.
final class Watch {
  private final Check check;
  private final boolean added;
  private final BooleanSupplier nodeEnds;
  private final Thread thread;
  private volatile Peer peer;

  private Watch(Check check, Peer peer, boolean added, BooleanSupplier nodeEnds) {
    this.check = check;
    this.added = added;
    this.nodeEnds = nodeEnds;
    this.peer = peer;
    this.thread = Thread.ofVirtual().name("health-" + peer).unstarted(this::run);
  }

  /// @param added it began at run time
  static Watch start(Check check, Peer peer, boolean added, BooleanSupplier nodeEnds) {
    Watch watch = new Watch(check, peer, added, nodeEnds);
    watch.thread.start();
    return watch;
  }

  boolean isOf(Check other, Peer server) {
    return check.equals(other) && peer.isSameServer(server);
  }

  /// The server is still there, maybe under another spec.
  void goOn(Peer now) {
    peer = now;
  }

  /// Ends it; a probe under way does not count.
  void stop() {
    thread.interrupt();
  }

  private void run() {
    try (Probe probe = check.probe(peer.address())) {
      Thread.sleep(check.firstDelayMillis(added, ThreadLocalRandom.current()));
      while (!nodeEnds.getAsBoolean()) {
        once(probe);
        Thread.sleep(check.delayMillis(ThreadLocalRandom.current()));
      }
    } catch (InterruptedException _) {
      // told to stop
    }
  }

  private void once(Probe probe) throws InterruptedException {
    long at = System.currentTimeMillis();
    long begun = System.nanoTime();
    Found found;
    try {
      found = probe.run();
    } catch (RuntimeException bug) {
      check.bug(bug);
      return;
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    long ended = System.nanoTime();
    Peer asked = peer;
    if (found.isError()) {
      check.broken(asked.spec(), found);
    }
    ProbeResult result =
        new ProbeResult(
            at, (ended - begun) / 1_000_000, found.passed(), found.stage(), found.saw());
    check
        .upstream()
        .probed(
            asked,
            check.rules(),
            result,
            check.reason(found),
            event -> tell(event, found),
            ended / 1_000_000);
  }

  private void tell(HealthEvent event, Found found) {
    if (event instanceof PeerChanged change && change.to() != PeerState.CHECKING) {
      check.changed(change, found);
    }
  }
}

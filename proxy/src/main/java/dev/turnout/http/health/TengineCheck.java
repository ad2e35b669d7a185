package dev.turnout.http.health;

import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.upstream.CheckSpec;
import dev.turnout.upstream.HealthEvent.PeerChanged;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.PeerState;
import dev.turnout.upstream.ProbeRules;
import dev.turnout.upstream.Upstream;
import java.util.random.RandomGenerator;

/// Tengine's `check` of an upstream, as the upstream's present spec has it.
///
/// @param log where it tells what it finds
record TengineCheck(Upstream upstream, CheckSpec spec, ErrorLog log) implements Check {
  @Override
  public ProbeRules rules() {
    return spec.rules();
  }

  /// Tengine spreads the first probes of a configuration, and asks what is added at once.
  @Override
  public long firstDelayMillis(boolean added, RandomGenerator random) {
    return added ? 0 : random.nextLong(Math.max(spec.intervalMillis(), 1000));
  }

  @Override
  public long delayMillis(RandomGenerator random) {
    return spec.intervalMillis();
  }

  @Override
  public Probe probe(PeerAddress address) {
    return new TengineProbe(spec, HttpCheck.withPort(address, spec.port()));
  }

  @Override
  public String reason(Found found) {
    return found.stage() + ", check of type " + spec.type().text();
  }

  @Override
  public void broken(PeerSpec peer, Found found) {
    log.log(
        Level.ERROR,
        found.saw()
            + " while "
            + found.stage()
            + ", check of peer: "
            + peer.address().text()
            + " in upstream \""
            + upstream.name()
            + "\"");
  }

  @Override
  public void changed(PeerChanged change, Found found) {
    log.log(
        Level.ERROR,
        (change.to() == PeerState.UNHEALTHY ? "disable" : "enable")
            + " check peer: "
            + change.peer().address().text());
  }

  @Override
  public void bug(RuntimeException bug) {
    log.log(Level.ALERT, 0, "unexpected error in a health check", bug);
  }
}

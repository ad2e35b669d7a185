package dev.turnout.http.health;

import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.upstream.HealthEvent.PeerChanged;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.PeerState;
import dev.turnout.upstream.ProbeRules;
import dev.turnout.upstream.Upstream;
import java.util.Set;
import java.util.random.RandomGenerator;

/// Tengine's `check` of an upstream.
///
/// @param timeoutMillis how long all of a probe may take
/// @param port of the probe; 0 for the server's own
/// @param send what goes to the server; nothing for `tcp`
/// @param method of the request in `send`
/// @param alive the first digits of good status codes
/// @param keepaliveRequests how many probes go over one connection
record TengineCheck(
    Upstream upstream,
    ProbeRules rules,
    Type type,
    long intervalMillis,
    long timeoutMillis,
    int port,
    String send,
    String method,
    Set<Integer> alive,
    int keepaliveRequests,
    ErrorLog log)
    implements Check {
  TengineCheck {
    alive = Set.copyOf(alive);
  }

  /// How a server is asked.
  enum Type {
    TCP,
    HTTP
  }

  String typeName() {
    return switch (type) {
      case TCP -> "tcp";
      case HTTP -> "http";
    };
  }

  /// Tengine spreads the first probes.
  @Override
  public long firstDelayMillis(RandomGenerator random) {
    return random.nextLong(Math.max(intervalMillis, 1000));
  }

  @Override
  public long delayMillis(RandomGenerator random) {
    return intervalMillis;
  }

  @Override
  public Probe probe(PeerAddress address) {
    return new TengineProbe(this, HttpCheck.withPort(address, port));
  }

  @Override
  public String reason(Found found) {
    return found.stage() + ", check of type " + typeName();
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

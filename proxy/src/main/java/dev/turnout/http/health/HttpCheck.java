package dev.turnout.http.health;

import dev.turnout.http.Generation;
import dev.turnout.http.HttpRegistry.Place;
import dev.turnout.http.proxy.ProbeTarget;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.net.Worker;
import dev.turnout.upstream.HealthEvent.PeerChanged;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.PeerState;
import dev.turnout.upstream.ProbeRules;
import dev.turnout.upstream.Upstream;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// One `health_check`: a GET, spoken as the location speaks to its upstream, or a gRPC call.
///
/// @param intervalMillis `interval`
/// @param jitterMillis `jitter`
/// @param call what `type=grpc` asks, in place of `uri` and `match`
/// @param port `port`; 0 for the server's own
/// @param keepaliveMillis `keepalive_time`; 0 for a connection for each probe
/// @param worker the loop that variables are evaluated on
record HttpCheck(
    ProbeTarget target,
    ProbeRules rules,
    long intervalMillis,
    long jitterMillis,
    String uri,
    Match match,
    @Nullable GrpcCall call,
    int port,
    long keepaliveMillis,
    Generation generation,
    Place place,
    Supplier<Worker> worker)
    implements Check {
  @Override
  public Upstream upstream() {
    return target.upstream();
  }

  @Override
  public long firstDelayMillis(boolean added, RandomGenerator random) {
    return jitter(random);
  }

  @Override
  public long delayMillis(RandomGenerator random) {
    return intervalMillis + jitter(random);
  }

  private long jitter(RandomGenerator random) {
    return jitterMillis == 0 ? 0 : random.nextLong(jitterMillis + 1);
  }

  @Override
  public Probe probe(PeerAddress address) {
    PeerAddress asked = withPort(address, port);
    if (call != null) {
      return new GrpcProbe(this, call, asked);
    }
    return new HttpProbe(
        this, asked, new ProbeExchange(worker.get(), generation, place, target, address.text()));
  }

  /// The address to ask at: the server's, or another port of it.
  static PeerAddress withPort(PeerAddress address, int port) {
    return switch (address) {
      case PeerAddress.Inet inet when port != 0 ->
          new PeerAddress.Inet(new InetSocketAddress(inet.socket().getAddress(), port));
      case PeerAddress.Inet _, PeerAddress.Unix _, PeerAddress.Unresolved _ -> address;
    };
  }

  private String name() {
    return call == null ? match.name() : "grpc";
  }

  @Override
  public String reason(Found found) {
    return found.stage() + ", health check \"" + name() + "\"";
  }

  private ErrorLog log() {
    return place.location().core().errorLog();
  }

  private String suffix(PeerSpec peer) {
    return ", health check \""
        + name()
        + "\" of peer "
        + peer.address().text()
        + " in upstream \""
        + upstream().name()
        + "\""
        + (port == 0 ? "" : ", port " + port);
  }

  @Override
  public void broken(PeerSpec peer, Found found) {
    log().log(Level.ERROR, found.saw() + " while " + found.stage() + suffix(peer));
  }

  @Override
  public void changed(PeerChanged change, Found found) {
    boolean unhealthy = change.to() == PeerState.UNHEALTHY;
    log()
        .log(
            unhealthy ? Level.WARN : Level.NOTICE,
            "peer is "
                + (unhealthy ? "unhealthy" : "healthy")
                + " while "
                + found.stage()
                + suffix(change.peer()));
  }

  @Override
  public void bug(RuntimeException bug) {
    log().log(Level.ALERT, 0, "unexpected error in a health check", bug);
  }
}

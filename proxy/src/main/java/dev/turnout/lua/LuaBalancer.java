package dev.turnout.lua;

import dev.turnout.http.Exchange;
import dev.turnout.http.PeerChooser;
import dev.turnout.log.Level;
import dev.turnout.net.ListenAddress;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamSpec;
import dev.turnout.upstream.balance.Balancers;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// `balancer_by_lua`: a script chooses the server of each attempt. Shared by all loops; the servers
/// that scripts have named are remembered, up to a bound, since requests may bring in new ones.
final class LuaBalancer implements PeerChooser {
  private static final int MOST = 4096;
  private static final int IDLE = 30;
  private static final long LONGEST_MILLIS = 3_600_000;

  private final LuaProgram program;
  private final LuaChunk script;
  private final Map<Server, Upstream> known = new ConcurrentHashMap<>();

  LuaBalancer(LuaProgram program, LuaChunk script) {
    this.program = program;
    this.script = script;
  }

  /// A server as a script names it.
  private record Server(String address, Keepalive keepalive) {}

  /// What one run of the script has said so far. Confined to its loop.
  static final class Answer {
    private final Situation situation;
    private @Nullable PeerAddress address;
    private Keepalive keepalive = Keepalive.OFF;
    private int moreTries;
    private long connectMillis;
    private long sendMillis;
    private long readMillis;

    Answer(Situation situation) {
      this.situation = situation;
    }

    Situation situation() {
      return situation;
    }

    /// Names the server; returns why that cannot be one, or null.
    @Nullable String server(String host, int port) {
      if (host.startsWith("unix:")) {
        address = new PeerAddress.Unix(host.substring(5));
        return null;
      }
      try {
        boolean hasPort = host.startsWith("[") ? host.contains("]:") : host.indexOf(':') > 0;
        SocketAddress parsed =
            ListenAddress.parse(hasPort || port == 0 ? host : host + ":" + port, 80);
        if (parsed instanceof InetSocketAddress inet && !isName(host)) {
          address = new PeerAddress.Inet(inet);
          return null;
        }
      } catch (IllegalArgumentException _) {
        // told below
      }
      return "no host allowed";
    }

    private static boolean isName(String host) {
      return !host.startsWith("[") && host.chars().noneMatch(c -> c >= '0' && c <= '9');
    }

    void keepalive(long idleMillis, int requests) {
      keepalive = new Keepalive(IDLE, requests, LONGEST_MILLIS, idleMillis);
    }

    /// Allows more attempts; true if fewer than wanted, since there is a limit.
    boolean moreTries(int count) {
      int total = situation.attempts() + 1 + situation.triesLeft() - 1;
      int most = situation.mostTries();
      boolean reduced = most > 0 && total + count > most;
      moreTries = reduced ? Math.max(0, most - total) : count;
      return reduced;
    }

    void timeouts(long connect, long send, long read) {
      connectMillis = connect;
      sendMillis = send;
      readMillis = read;
    }
  }

  @Override
  public Choice choose(Exchange exchange, Situation situation) {
    LuaRun run = program.run(exchange);
    Answer answer = new Answer(situation);
    run.balancer(answer);
    boolean fine = program.call(run, script, 0);
    run.balancer(null);
    if (!fine) {
      return refused(500);
    }
    if (run.takeExit() && run.exitCode() != 0) {
      int code = run.exitCode();
      return refused(code >= 300 ? code : code == -5 ? 502 : 500);
    }
    PeerAddress address = answer.address;
    return new Choice(
        address == null ? null : server(address, answer.keepalive),
        answer.moreTries,
        0,
        answer.connectMillis,
        answer.sendMillis,
        answer.readMillis);
  }

  private static Choice refused(int status) {
    return new Choice(null, 0, status, 0, 0, 0);
  }

  private Upstream server(PeerAddress address, Keepalive keepalive) {
    Server key = new Server(address.text(), keepalive);
    Upstream there = known.get(key);
    if (there != null) {
      return there;
    }
    if (known.size() >= MOST) {
      known.clear(); // what was there is made again when it is asked for
      program.log().log(Level.NOTICE, "more than " + MOST + " servers named by balancer_by_lua");
    }
    return known.computeIfAbsent(
        key,
        _ ->
            new Upstream(
                UpstreamSpec.of(
                    address.text(),
                    List.of(PeerSpec.of(address.text(), address)),
                    new BalancingMethod.RoundRobin(),
                    keepalive),
                0,
                Balancers::create));
  }
}

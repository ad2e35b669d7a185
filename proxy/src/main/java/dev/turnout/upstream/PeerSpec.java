package dev.turnout.upstream;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One server of an upstream as it is wanted: what a `server` line says, for one address.
///
/// A name with several addresses is several of these, with the same `server`.
///
/// @param id the number the API knows it by; [#UNASSIGNED] until an [UpstreamSpec] gives it one
/// @param server as configured: `127.0.0.1:8080`, `unix:/path`, or a name
/// @param maxConns the most requests at once; 0: no limit
/// @param maxFails failures until it is taken out; 0: never
/// @param failTimeoutMillis both the window in which failures count and the time it is out
/// @param slowStartMillis how long a recovered or new server takes to its full share; 0: none
/// @param drain takes only requests that are bound to it
/// @param route its name in a sticky session; empty: made from its address
/// @param canary it has to show first that it does well, with a small share; null: it is trusted
public record PeerSpec(
    long id,
    String server,
    PeerAddress address,
    int weight,
    int maxConns,
    int maxFails,
    long failTimeoutMillis,
    long slowStartMillis,
    boolean backup,
    boolean down,
    boolean drain,
    String route,
    @Nullable Canary canary) {
  public static final long UNASSIGNED = -1;

  /// The API's limit on a route.
  public static final int MAX_ROUTE = 32;

  public PeerSpec {
    require(id >= UNASSIGNED, "invalid id");
    require(!server.isEmpty(), "missing \"server\" argument");
    require(weight >= 1, "invalid \"weight\"");
    require(maxConns >= 0, "invalid \"max_conns\"");
    require(maxFails >= 0, "invalid \"max_fails\"");
    require(failTimeoutMillis >= 0, "invalid \"fail_timeout\"");
    require(slowStartMillis >= 0, "invalid \"slow_start\"");
    require(route.length() <= MAX_ROUTE, "route is too long");
    require(canary == null || !backup, "a backup is no canary");
    require(
        canary == null || !(address instanceof PeerAddress.Unresolved),
        "a name that is resolved at run time is no canary: its addresses come and go");
  }

  /// A server with nginx's defaults: weight 1, one failure takes it out for ten seconds.
  public static PeerSpec of(String server, PeerAddress address) {
    return new PeerSpec(
        UNASSIGNED, server, address, 1, 0, 1, 10_000, 0, false, false, false, "", null);
  }

  /// As a `server` directive says it: `server 127.0.0.1:8080 weight=2;`.
  public String line() {
    return ServerLine.of(this, server);
  }

  /// Whether `other` is the same server at the same place, whatever its other values: then they
  /// share one state.
  boolean isSameServer(PeerSpec other) {
    return id == other.id && address.equals(other.address);
  }

  boolean isWrittenLike(PeerSpec other) {
    return server.equals(other.server) && address.equals(other.address) && backup == other.backup;
  }

  /// The same server at another place.
  PeerSpec at(String server, PeerAddress address) {
    return with(values -> {
      values.server = server;
      values.address = address;
    });
  }

  /// The same server under another name for its place.
  public PeerSpec named(String server) {
    return with(values -> values.server = server);
  }

  public PeerSpec withId(long id) {
    return with(values -> values.id = id);
  }

  public PeerSpec withWeight(int weight) {
    return with(values -> values.weight = weight);
  }

  public PeerSpec withMaxConns(int maxConns) {
    return with(values -> values.maxConns = maxConns);
  }

  public PeerSpec withFailures(int maxFails, long failTimeoutMillis) {
    return with(values -> {
      values.maxFails = maxFails;
      values.failTimeoutMillis = failTimeoutMillis;
    });
  }

  public PeerSpec withSlowStart(long slowStartMillis) {
    return with(values -> values.slowStartMillis = slowStartMillis);
  }

  public PeerSpec withBackup(boolean backup) {
    return with(values -> values.backup = backup);
  }

  public PeerSpec withDown(boolean down) {
    return with(values -> values.down = down);
  }

  public PeerSpec withDrain(boolean drain) {
    return with(values -> values.drain = drain);
  }

  public PeerSpec withRoute(String route) {
    return with(values -> values.route = route);
  }

  /// The server as a canary; null: as one like any other.
  public PeerSpec withCanary(@Nullable Canary canary) {
    return with(values -> values.canary = canary);
  }

  private PeerSpec with(Consumer<Values> edit) {
    Values values = new Values(this);
    edit.accept(values);
    return values.toSpec();
  }

  /// The values of a server while some of them are changed.
  private static final class Values {
    private long id;
    private String server;
    private PeerAddress address;
    private int weight;
    private int maxConns;
    private int maxFails;
    private long failTimeoutMillis;
    private long slowStartMillis;
    private boolean backup;
    private boolean down;
    private boolean drain;
    private String route;
    private @Nullable Canary canary;

    Values(PeerSpec spec) {
      id = spec.id;
      server = spec.server;
      address = spec.address;
      weight = spec.weight;
      maxConns = spec.maxConns;
      maxFails = spec.maxFails;
      failTimeoutMillis = spec.failTimeoutMillis;
      slowStartMillis = spec.slowStartMillis;
      backup = spec.backup;
      down = spec.down;
      drain = spec.drain;
      route = spec.route;
      canary = spec.canary;
    }

    PeerSpec toSpec() {
      return new PeerSpec(
          id,
          server,
          address,
          weight,
          maxConns,
          maxFails,
          failTimeoutMillis,
          slowStartMillis,
          backup,
          down,
          drain,
          route,
          canary);
    }
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}

package dev.turnout.upstream;

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
    String route) {
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
  }

  /// A server with nginx's defaults: weight 1, one failure takes it out for ten seconds.
  public static PeerSpec of(String server, PeerAddress address) {
    return new PeerSpec(UNASSIGNED, server, address, 1, 0, 1, 10_000, 0, false, false, false, "");
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
        route);
  }

  public PeerSpec withId(long id) {
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
        route);
  }

  public PeerSpec withWeight(int weight) {
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
        route);
  }

  public PeerSpec withMaxConns(int maxConns) {
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
        route);
  }

  public PeerSpec withFailures(int maxFails, long failTimeoutMillis) {
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
        route);
  }

  public PeerSpec withSlowStart(long slowStartMillis) {
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
        route);
  }

  public PeerSpec withBackup(boolean backup) {
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
        route);
  }

  public PeerSpec withDown(boolean down) {
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
        route);
  }

  public PeerSpec withDrain(boolean drain) {
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
        route);
  }

  public PeerSpec withRoute(String route) {
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
        route);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}

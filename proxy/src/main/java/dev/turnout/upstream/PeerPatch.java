package dev.turnout.upstream;

import org.jspecify.annotations.Nullable;

/// New values for some fields of a server; null leaves a field as it is.
///
/// `id` and `backup` are set when a server is added and never change.
public record PeerPatch(
    @Nullable String server,
    @Nullable PeerAddress address,
    @Nullable Integer weight,
    @Nullable Integer maxConns,
    @Nullable Integer maxFails,
    @Nullable Long failTimeoutMillis,
    @Nullable Long slowStartMillis,
    @Nullable Boolean down,
    @Nullable Boolean drain,
    @Nullable String route) {
  public static final PeerPatch NOTHING =
      new PeerPatch(null, null, null, null, null, null, null, null, null, null);

  public PeerPatch {
    if ((server == null) != (address == null)) {
      throw new IllegalArgumentException("a server and its address change together");
    }
  }

  /// Moves the server elsewhere; what was counted for the old place stays there.
  public PeerPatch withServer(String server, PeerAddress address) {
    return new PeerPatch(
        server,
        address,
        weight,
        maxConns,
        maxFails,
        failTimeoutMillis,
        slowStartMillis,
        down,
        drain,
        route);
  }

  public PeerPatch withWeight(int weight) {
    return new PeerPatch(
        server,
        address,
        weight,
        maxConns,
        maxFails,
        failTimeoutMillis,
        slowStartMillis,
        down,
        drain,
        route);
  }

  public PeerPatch withMaxConns(int maxConns) {
    return new PeerPatch(
        server,
        address,
        weight,
        maxConns,
        maxFails,
        failTimeoutMillis,
        slowStartMillis,
        down,
        drain,
        route);
  }

  public PeerPatch withMaxFails(int maxFails) {
    return new PeerPatch(
        server,
        address,
        weight,
        maxConns,
        maxFails,
        failTimeoutMillis,
        slowStartMillis,
        down,
        drain,
        route);
  }

  public PeerPatch withFailTimeout(long failTimeoutMillis) {
    return new PeerPatch(
        server,
        address,
        weight,
        maxConns,
        maxFails,
        failTimeoutMillis,
        slowStartMillis,
        down,
        drain,
        route);
  }

  public PeerPatch withSlowStart(long slowStartMillis) {
    return new PeerPatch(
        server,
        address,
        weight,
        maxConns,
        maxFails,
        failTimeoutMillis,
        slowStartMillis,
        down,
        drain,
        route);
  }

  public PeerPatch withDown(boolean down) {
    return new PeerPatch(
        server,
        address,
        weight,
        maxConns,
        maxFails,
        failTimeoutMillis,
        slowStartMillis,
        down,
        drain,
        route);
  }

  public PeerPatch withDrain(boolean drain) {
    return new PeerPatch(
        server,
        address,
        weight,
        maxConns,
        maxFails,
        failTimeoutMillis,
        slowStartMillis,
        down,
        drain,
        route);
  }

  public PeerPatch withRoute(String route) {
    return new PeerPatch(
        server,
        address,
        weight,
        maxConns,
        maxFails,
        failTimeoutMillis,
        slowStartMillis,
        down,
        drain,
        route);
  }

  /// The server with the new values.
  public PeerSpec applyTo(PeerSpec spec) {
    return new PeerSpec(
        spec.id(),
        server == null ? spec.server() : server,
        address == null ? spec.address() : address,
        weight == null ? spec.weight() : weight,
        maxConns == null ? spec.maxConns() : maxConns,
        maxFails == null ? spec.maxFails() : maxFails,
        failTimeoutMillis == null ? spec.failTimeoutMillis() : failTimeoutMillis,
        slowStartMillis == null ? spec.slowStartMillis() : slowStartMillis,
        spec.backup(),
        down == null ? spec.down() : down,
        drain == null ? spec.drain() : drain,
        route == null ? spec.route() : route);
  }
}

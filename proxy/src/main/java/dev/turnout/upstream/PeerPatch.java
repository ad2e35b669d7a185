package dev.turnout.upstream;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// New values for some fields of a server; null leaves a field as it is.
///
/// `id` and `backup` are set when a server is added and never change.
///
/// @param trusted a server that was a [Canary] is one no more
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
    @Nullable String route,
    boolean trusted) {
  public static final PeerPatch NOTHING =
      new PeerPatch(null, null, null, null, null, null, null, null, null, null, false);

  public PeerPatch {
    if ((server == null) != (address == null)) {
      throw new IllegalArgumentException("a server and its address change together");
    }
  }

  /// Moves the server elsewhere; what was counted for the old place stays there.
  public PeerPatch withServer(String server, PeerAddress address) {
    return with(values -> {
      values.server = server;
      values.address = address;
    });
  }

  public PeerPatch withWeight(@Nullable Integer weight) {
    return with(values -> values.weight = weight);
  }

  public PeerPatch withMaxConns(@Nullable Integer maxConns) {
    return with(values -> values.maxConns = maxConns);
  }

  public PeerPatch withMaxFails(@Nullable Integer maxFails) {
    return with(values -> values.maxFails = maxFails);
  }

  public PeerPatch withFailTimeout(@Nullable Long failTimeoutMillis) {
    return with(values -> values.failTimeoutMillis = failTimeoutMillis);
  }

  public PeerPatch withSlowStart(@Nullable Long slowStartMillis) {
    return with(values -> values.slowStartMillis = slowStartMillis);
  }

  public PeerPatch withDown(@Nullable Boolean down) {
    return with(values -> values.down = down);
  }

  public PeerPatch withDrain(@Nullable Boolean drain) {
    return with(values -> values.drain = drain);
  }

  public PeerPatch withRoute(@Nullable String route) {
    return with(values -> values.route = route);
  }

  /// The server need not prove itself any more: it is one like the others.
  public PeerPatch trusting() {
    return with(values -> values.trusted = true);
  }

  private PeerPatch with(Consumer<Values> edit) {
    Values values = new Values(this);
    edit.accept(values);
    return values.toPatch();
  }

  /// The server with the new values.
  ///
  /// @throws IllegalArgumentException if it cannot have them together
  public PeerSpec applyTo(PeerSpec spec) {
    PeerSpec next = trusted ? spec.withCanary(null) : spec;
    if (server != null && address != null) {
      next = next.at(server, address);
    }
    return next.withWeight(or(weight, spec.weight()))
        .withMaxConns(or(maxConns, spec.maxConns()))
        .withFailures(
            or(maxFails, spec.maxFails()), or(failTimeoutMillis, spec.failTimeoutMillis()))
        .withSlowStart(or(slowStartMillis, spec.slowStartMillis()))
        .withDown(or(down, spec.down()))
        .withDrain(or(drain, spec.drain()))
        .withRoute(or(route, spec.route()));
  }

  private static <T> T or(@Nullable T value, T otherwise) {
    return value == null ? otherwise : value;
  }

  /// The values of a patch while some of them are set.
  private static final class Values {
    private @Nullable String server;
    private @Nullable PeerAddress address;
    private @Nullable Integer weight;
    private @Nullable Integer maxConns;
    private @Nullable Integer maxFails;
    private @Nullable Long failTimeoutMillis;
    private @Nullable Long slowStartMillis;
    private @Nullable Boolean down;
    private @Nullable Boolean drain;
    private @Nullable String route;
    private boolean trusted;

    Values(PeerPatch patch) {
      server = patch.server;
      address = patch.address;
      weight = patch.weight;
      maxConns = patch.maxConns;
      maxFails = patch.maxFails;
      failTimeoutMillis = patch.failTimeoutMillis;
      slowStartMillis = patch.slowStartMillis;
      down = patch.down;
      drain = patch.drain;
      route = patch.route;
      trusted = patch.trusted;
    }

    PeerPatch toPatch() {
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
          route,
          trusted);
    }
  }
}

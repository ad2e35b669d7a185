package dev.turnout.upstream;

import dev.turnout.upstream.sticky.Sticky;
import org.jspecify.annotations.Nullable;

/// What few upstreams are told: null where it is not configured.
///
/// @param zone `zone`: under which name the API shows the upstream's state, which all loops share
///   in any case
/// @param sticky `sticky`
/// @param queue `queue`
/// @param health `check`, `panic_threshold` and `max_ejected`
public record UpstreamOptions(
    @Nullable String zone,
    @Nullable Sticky sticky,
    @Nullable QueueLimits queue,
    HealthOptions health) {
  public static final UpstreamOptions NONE = new UpstreamOptions(null, null, null);

  /// Options of an upstream whose block does not speak of health.
  public UpstreamOptions(
      @Nullable String zone, @Nullable Sticky sticky, @Nullable QueueLimits queue) {
    this(zone, sticky, queue, HealthOptions.NONE);
  }

  /// The same options under a zone.
  public UpstreamOptions withZone(@Nullable String other) {
    return new UpstreamOptions(other, sticky, queue, health);
  }
}

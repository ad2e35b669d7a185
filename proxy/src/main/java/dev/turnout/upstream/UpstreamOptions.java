package dev.turnout.upstream;

import dev.turnout.upstream.sticky.Sticky;
import org.jspecify.annotations.Nullable;

/// What few upstreams are told: null where it is not configured.
///
/// @param zone `zone`: under which name the API shows the upstream's state, which all loops share
///   in any case
/// @param sticky `sticky`
/// @param queue `queue`
public record UpstreamOptions(
    @Nullable String zone, @Nullable Sticky sticky, @Nullable QueueLimits queue) {
  public static final UpstreamOptions NONE = new UpstreamOptions(null, null, null);
}

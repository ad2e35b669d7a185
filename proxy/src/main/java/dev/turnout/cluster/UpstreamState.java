package dev.turnout.cluster;

import dev.turnout.upstream.UpstreamSpec;
import org.jspecify.annotations.Nullable;

/// An upstream as it is wanted now, and as the configuration had it when it was last read: the two
/// sides from which a reload tells an edit in the file from an edit at run time.
///
/// @param spec what is wanted; null: deleted at run time, while the configuration still has it
/// @param configured what the configuration says; null: the upstream was made at run time
public record UpstreamState(@Nullable UpstreamSpec spec, @Nullable UpstreamSpec configured) {
  public UpstreamState {
    if (spec == null && configured == null) {
      throw new IllegalArgumentException("an upstream that is nowhere has no state");
    }
  }

  /// The name as it was written.
  public String name() {
    UpstreamSpec any = spec != null ? spec : configured;
    if (any == null) {
      throw new IllegalStateException("neither wanted nor configured");
    }
    return any.name();
  }

  /// The same upstream with another wanted state; null if then nothing is left of it.
  public @Nullable UpstreamState with(@Nullable UpstreamSpec next) {
    return next == null && configured == null ? null : new UpstreamState(next, configured);
  }

  /// True if what is wanted is not what the configuration says.
  public boolean isChanged() {
    return spec == null
        || configured == null
        || !spec.servers().equals(configured.servers())
        || !spec.method().equals(configured.method())
        || !spec.keepalive().equals(configured.keepalive())
        || !spec.options().equals(configured.options());
  }
}

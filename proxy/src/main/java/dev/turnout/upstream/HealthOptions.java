package dev.turnout.upstream;

import org.jspecify.annotations.Nullable;

/// What the block of an upstream says of the health of its servers.
///
/// @param panicThreshold the share of usable servers, in percent, below which health is ignored; 0:
///   never
/// @param maxEjected the largest share of servers, in percent, that passive failures may take out;
///   100: all of them
/// @param check how the servers are asked; null: the block does not ask them
public record HealthOptions(int panicThreshold, int maxEjected, @Nullable CheckSpec check) {
  /// nginx's: every server stands for itself, and nobody asks.
  public static final HealthOptions NONE = new HealthOptions(0, 100, null);

  public HealthOptions {
    if (panicThreshold < 0 || panicThreshold > 100 || maxEjected < 0 || maxEjected > 100) {
      throw new IllegalArgumentException("a share is 0% to 100%");
    }
  }
}

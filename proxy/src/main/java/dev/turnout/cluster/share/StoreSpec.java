package dev.turnout.cluster.share;

import java.time.Duration;
import java.util.Map;

/// A `state_store` as configured.
///
/// @param address the whole of it: `redis://user:secret@host:6379/0`. May hold a secret: never
///   shown, not even in an error
/// @param prefix what all keys of the store itself begin with
/// @param timeout how long the engine may take to answer
/// @param parameters what else was written, `name=value`, of the names that the engine takes
public record StoreSpec(
    String address, String prefix, Duration timeout, Map<String, String> parameters) {
  public StoreSpec {
    parameters = Map.copyOf(parameters);
  }

  /// Such as `redis`.
  public String scheme() {
    int colon = address.indexOf(':');
    return colon < 0 ? "" : address.substring(0, colon);
  }

  @Override
  public String toString() {
    return scheme() + ":…, prefix " + prefix;
  }
}

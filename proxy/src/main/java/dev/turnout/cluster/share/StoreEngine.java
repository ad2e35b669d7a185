package dev.turnout.cluster.share;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A kind of store: what opens `redis://…` and its like.
public interface StoreEngine {
  /// What its addresses begin with: `redis`, `rediss`.
  Set<String> schemes();

  /// What keys begin with when nothing else is said: `turnout:`.
  ///
  /// @param scheme one of [#schemes]
  String usualPrefix(String scheme);

  /// The parameters of `state_store` that it takes besides those that all engines have.
  Set<String> parameters();

  /// Why nodes cannot tell each other through it what changes with each request; null if they can.
  @Nullable String refusesSync();

  /// Whether the keys can be where a layout has them.
  ///
  /// @throws IllegalArgumentException if not; the message says what would be right
  default void check(StoreSpec spec, Layout layout) {}

  /// A client of a store. Connects to nothing before it is used: a start never waits for a store.
  ///
  /// @throws IllegalArgumentException if the address or a parameter cannot be right; the message
  ///   says what would be, without secrets
  SharedStore open(StoreSpec spec);
}

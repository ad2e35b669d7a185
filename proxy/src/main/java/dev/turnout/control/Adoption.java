package dev.turnout.control;

import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.file.GroupText;
import org.jspecify.annotations.Nullable;

/// Something that another node, or somebody by hand, has changed in the store that nodes share, and
/// that this node is to serve.
sealed interface Adoption {
  /// An entry of a zone.
  ///
  /// @param value null: it is no more
  record Entry(KeyvalZone zone, String key, @Nullable String value) implements Adoption {}

  /// A group of servers.
  ///
  /// @param text null: the store has nothing of it any more, so it is what the configuration says
  record Group(String name, @Nullable GroupText text) implements Adoption {}
}

package dev.turnout.control;

import java.util.Optional;

/// What may not happen to the servers of an upstream by accident.
///
/// @param minHealthy servers that are to be left that take requests and are healthy; 0: any number
/// @param maxChangePercent how many of the servers one change may touch, in percent; at least one
///   always; 100: all
/// @param keepNonempty one server at least is to be left that takes requests
public record GuardRules(int minHealthy, int maxChangePercent, boolean keepNonempty) {
  /// Anything goes.
  public static final GuardRules NONE = new GuardRules(0, 100, false);

  /// What a change would do to an upstream.
  ///
  /// @param before servers before the change
  /// @param touched those of them that it removes, moves, or changes a value of
  /// @param healthyBefore how many took requests and were healthy, backups aside
  /// @param healthyAfter how many will, as far as their health is known
  /// @param serving servers that will take requests, backups included
  public record Figures(
      int before,
      int touched,
      int healthyBefore,
      int healthyAfter,
      int servingBefore,
      int serving) {}

  /// Why the change is held back; empty: it is not.
  Optional<String> check(String upstream, Figures figures) {
    String name = "upstream \"" + upstream + "\"";
    if (keepNonempty && figures.serving == 0 && figures.servingBefore > 0) {
      return Optional.of(name + " would have no server left that takes requests");
    }
    if (figures.healthyAfter < minHealthy && figures.healthyAfter < figures.healthyBefore) {
      return Optional.of(
          name
              + " would have "
              + figures.healthyAfter
              + " healthy servers left, fewer than min_healthy="
              + minHealthy);
    }
    int allowed = Math.max(1, figures.before * maxChangePercent / 100);
    if (figures.touched > allowed) {
      return Optional.of(
          figures.touched
              + " of the "
              + figures.before
              + " servers of "
              + name
              + " would change at once, more than max_change="
              + maxChangePercent
              + "% ("
              + allowed
              + ")");
    }
    return Optional.empty();
  }
}

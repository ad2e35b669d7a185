package dev.turnout.scale;

import java.util.Set;

/// How this node stands with the others about one thing that only one of them acts for.
///
/// @param leads whether this node acts
/// @param leader the node that does; empty: none, or this one alone
/// @param others what the others see of it
record Standing(boolean leads, String leader, Figures others) {
  /// There are no others.
  static final Standing ALONE = new Standing(true, "", Figures.NONE);

  /// It is not known yet whether there are others.
  static final Standing UNKNOWN = new Standing(false, "", Figures.UNKNOWN);

  /// What nodes see of one thing.
  ///
  /// @param complete false: some node that lives did not say, so the others may be too low
  /// @param busy servers with requests
  record Figures(
      boolean complete, double inSystem, double rate, double errorShare, Set<String> busy) {
    /// Nothing is there, and that is known.
    static final Figures NONE = new Figures(true, 0, 0, 0, Set.of());

    /// Some node did not say.
    static final Figures UNKNOWN = new Figures(false, 0, 0, 0, Set.of());

    Figures {
      busy = Set.copyOf(busy);
    }

    Figures plus(Figures other) {
      double sum = rate + other.rate;
      Set<String> all = new java.util.HashSet<>(busy);
      all.addAll(other.busy);
      return new Figures(
          complete && other.complete,
          inSystem + other.inSystem,
          sum,
          sum > 0 ? (errorShare * rate + other.errorShare * other.rate) / sum : 0,
          all);
    }
  }
}

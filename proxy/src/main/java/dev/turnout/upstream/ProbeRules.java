package dev.turnout.upstream;

/// How the results of one active check are counted.
///
/// @param key what tells it from the upstream's other checks, the same over reloads
/// @param fails failures in a row that make a server unhealthy
/// @param passes successes in a row that make it healthy again
/// @param firstPasses successes in a row that a server under a mandatory check needs at first
/// @param mandatory a server takes no requests until it has passed
/// @param persistent a server that has passed need not do so again after a reload
public record ProbeRules(
    String key, int fails, int passes, int firstPasses, boolean mandatory, boolean persistent) {
  public ProbeRules {
    if (fails < 1 || passes < 1 || firstPasses < 1) {
      throw new IllegalArgumentException("nothing would be counted");
    }
  }
}

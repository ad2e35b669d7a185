package dev.turnout.scale;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A group's autoscaler as those see it who operate it. Immutable.
///
/// @param leads whether this node acts; of several nodes with one store one does
/// @param leader the node that acts; empty: it is not known, or there is only this one
public record ScaleView(
    String upstream,
    String policy,
    boolean dryRun,
    boolean leads,
    String leader,
    int min,
    int max,
    int spares,
    long waitMillis,
    long intervalMillis,
    @Nullable ByHand byHand,
    @Nullable Now now,
    Totals totals,
    List<Server> servers,
    List<Made> decisions) {
  public ScaleView {
    servers = List.copyOf(servers);
    decisions = List.copyOf(decisions);
  }

  /// So many servers until a moment, because someone said so.
  public record ByHand(int servers, long untilMillis, String who, String why) {}

  /// The last look.
  public record Now(
      long atMillis,
      boolean complete,
      double inSystem,
      double rate,
      double utilisation,
      double latencyMillis,
      double p95Millis,
      double errorShare,
      int target,
      int on,
      int starting,
      int draining,
      int off,
      int failing,
      double packing,
      boolean packingLearned,
      long setupMillis) {}

  /// What has come together since the autoscaler began.
  public record Totals(
      long sinceMillis,
      double serverSeconds,
      double alwaysOnServerSeconds,
      double wattHours,
      double alwaysOnWattHours,
      long starts,
      long stops,
      long takenBack,
      long hookFailures) {}

  /// One server.
  ///
  /// @param state `on`, `starting`, `draining`, `off`, `failing` or `aside`
  public record Server(
      long id, String server, String state, long sinceMillis, int active, long surplusMillis) {}

  /// Something that was decided.
  ///
  /// @param revision the last change that it made; null: none
  public record Made(
      long atMillis,
      String text,
      int target,
      int on,
      double inSystem,
      double rate,
      List<Step> steps,
      @Nullable Long revision) {
    public Made {
      steps = List.copyOf(steps);
    }
  }

  /// What was done with one server: `start`, `ready`, `take_back`, `drain`, `off`, `give_up`.
  public record Step(String action, long server) {}
}

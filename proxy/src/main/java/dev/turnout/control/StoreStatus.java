package dev.turnout.control;

import java.util.List;
import java.util.Map;

/// How the node stands with the store that it shares with others.
///
/// @param label where the store is, without secrets; empty: there is none
/// @param node the name of this node in it
/// @param link whether it is heard, and all is told
/// @param sinceMillis when that began, in milliseconds since the epoch
/// @param reason why it is not heard, or not told; empty otherwise
/// @param revision the store's last revision that this node knows of
/// @param applied the revision up to which this node serves everything
/// @param pending how many keys were changed here and are not in the store yet
/// @param rejected keys whose value this node does not serve, and why
/// @param counts what happened since the start
public record StoreStatus(
    String label,
    String node,
    Link link,
    long sinceMillis,
    String reason,
    long revision,
    long applied,
    int pending,
    Map<String, String> rejected,
    Counts counts) {
  /// Whether a store is heard.
  public enum Link {
    /// There is none.
    NONE,
    /// It has not been reached since the start.
    CONNECTING,
    /// It is not heard: what is served may be stale.
    LOST,
    /// It is heard, and does not take what it is to be told.
    READ_ONLY,
    /// All is well.
    UP
  }

  /// What happened since the start.
  ///
  /// @param commits changes of this node that the store has taken
  /// @param refused changes of this node that were not made, for the store was away or refused
  /// @param kept changes of this node that were kept, for the store was away
  /// @param foreign changes of others that were applied
  /// @param conflicts values of this node that another one took the place of
  /// @param losses how many times the store was not heard any more
  public record Counts(
      long commits, long refused, long kept, long foreign, long conflicts, long losses) {}

  /// No store.
  public static final StoreStatus NONE =
      new StoreStatus("", "", Link.NONE, 0, "", 0, 0, 0, Map.of(), new Counts(0, 0, 0, 0, 0, 0));

  public StoreStatus {
    rejected = Map.copyOf(rejected);
  }

  /// For how long what is served may have been stale, in milliseconds; 0 if it is not.
  public long staleMillis(long nowMillis) {
    return switch (link) {
      case CONNECTING, LOST -> Math.max(1, nowMillis - sinceMillis);
      case NONE, READ_ONLY, UP -> 0;
    };
  }

  /// The same with what has been counted since.
  StoreStatus with(long nowApplied, Counts now) {
    return new StoreStatus(
        label, node, link, sinceMillis, reason, revision, nowApplied, pending, rejected, now);
  }

  /// True if the store is heard.
  public boolean isHeard() {
    return link == Link.UP || link == Link.READ_ONLY;
  }

  /// True if the store is heard and has all that it is to be told.
  public boolean isUp() {
    return link == Link.UP;
  }

  /// A node of the cluster, as it announces itself.
  ///
  /// @param state its [Link], in lower case
  /// @param incarnation of the store, as it knows it
  /// @param applied the store's revision up to which it serves everything
  /// @param revision its own revision
  /// @param self true if it is this one
  public record Member(
      String node,
      String address,
      String version,
      String state,
      long incarnation,
      long applied,
      long revision,
      long startedMillis,
      boolean self) {}

  /// Which nodes serve a revision.
  ///
  /// @param serving those that do
  /// @param missing those that live and do not, yet
  public record Spread(List<String> serving, List<String> missing) {
    public Spread {
      serving = List.copyOf(serving);
      missing = List.copyOf(missing);
    }
  }
}

package dev.turnout.admin.gate;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.control.Operation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Something that is asked for: what level it takes, and the upstream and host that it touches.
///
/// @param what in words that go on after "to": `change the servers of upstream web`
/// @param upstream the upstream that it touches; null: none, or not one
/// @param host the host, or key of a zone, that it touches; null: none, or not one
public record Ask(Level level, String what, @Nullable String upstream, @Nullable String host) {
  private static final String ATTEMPT = "change something";

  /// To look.
  public static Ask read() {
    return new Ask(Level.VIEWER, "look", null, null);
  }

  /// To change something that is not known yet: granted to whom any change might be.
  public static Ask attempt() {
    return new Ask(Level.OPERATOR, ATTEMPT, null, null);
  }

  /// To change servers of an upstream, their weights, or whether they are drained.
  public static Ask servers(String upstream) {
    return new Ask(
        Level.OPERATOR, "change the servers of upstream \"" + upstream + "\"", upstream, null);
  }

  /// To make or remove an upstream.
  public static Ask group(String upstream) {
    return new Ask(Level.ADMIN, "make or remove upstream \"" + upstream + "\"", upstream, null);
  }

  /// To point a host at an upstream that there is.
  public static Ask switchHost(String host, String upstream) {
    return new Ask(
        Level.OPERATOR,
        "switch host \"" + host + "\" to upstream \"" + upstream + "\"",
        upstream,
        host);
  }

  /// To point a host at an address.
  public static Ask literal(String host, String target) {
    return new Ask(
        Level.ADMIN, "switch host \"" + host + "\" to address \"" + target + "\"", null, host);
  }

  /// To change one key of a zone.
  public static Ask key(String zone, String key) {
    return new Ask(
        Level.OPERATOR, "change key \"" + key + "\" of zone \"" + zone + "\"", null, key);
  }

  /// To clear a zone.
  public static Ask wholeZone(String zone) {
    return new Ask(Level.ADMIN, "clear zone \"" + zone + "\"", null, null);
  }

  /// To bring back an old state.
  public static Ask restore(long revision) {
    return new Ask(Level.ADMIN, "restore revision " + revision, null, null);
  }

  /// To confirm a change, or take it back, while it is on trial. What it touches is asked for
  /// [besides][#of(JournalEntry)].
  public static Ask trial(long revision) {
    return new Ask(Level.OPERATOR, "end the trial of revision " + revision, null, null);
  }

  /// To do, or take back, what a change did.
  public static List<Ask> of(JournalEntry change) {
    List<Ask> asks = new ArrayList<>();
    for (Delta delta : change.deltas()) {
      switch (delta) {
        case Delta.OfUpstream(String name, UpstreamState before, UpstreamState after) ->
            asks.add(
                before == null || after == null || before.spec() == null || after.spec() == null
                    ? group(name)
                    : servers(name));
        case Delta.OfZone zone ->
            zone.after().keySet().forEach(key -> asks.add(key(zone.zone(), key)));
      }
    }
    return asks;
  }

  /// To do what operations do.
  public static List<Ask> of(List<Operation> operations) {
    List<Ask> asks = new ArrayList<>();
    for (Operation operation : operations) {
      switch (operation) {
        case Operation.EditUpstream(String name, _) -> asks.add(servers(name));
        case Operation.CreateUpstream(var spec) -> asks.add(group(spec.name()));
        case Operation.PutUpstream(var spec) -> asks.add(group(spec.name()));
        case Operation.DeleteUpstream(String name) -> asks.add(group(name));
        case Operation.Restore(long revision) -> asks.add(restore(revision));
        case Operation.EndTrial(long revision, _) -> asks.add(trial(revision));
        case Operation.EditZone edit -> {
          String zone = edit.zone().name();
          for (KeyvalChange change : edit.edits()) {
            asks.add(
                switch (change) {
                  case KeyvalChange.Put(String key, _, _) -> key(zone, key);
                  case KeyvalChange.Delete(String key) -> key(zone, key);
                  case KeyvalChange.Clear() -> wholeZone(zone);
                });
          }
        }
      }
    }
    return asks;
  }

  boolean isChange() {
    return level != Level.VIEWER;
  }

  boolean isAttempt() {
    return what.equals(ATTEMPT);
  }
}

package dev.turnout.upstream;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Brings an edited configuration together with the edits that were made at run time.
///
/// Three states are compared, server by server: what the configuration said, what it says now, and
/// what is in force. What the file's author changed is changed, what the file's author left alone
/// stays as it is in force: so a weight set at run time survives a reload that adds a server, and a
/// server that was removed at run time does not come back because another one's line was edited.
/// Where both changed the same value, the file wins: it was written later, and by hand.
public final class SpecMerge {
  private SpecMerge() {}

  /// The next state of an upstream.
  ///
  /// @param before the configuration that was in force, its servers with their ids
  /// @param now the configuration that is to be in force; its servers need no ids
  /// @param present what is in force
  public static UpstreamSpec merge(UpstreamSpec before, UpstreamSpec now, UpstreamSpec present) {
    UpstreamSpec numbered = now.succeeding(before);
    long nextId = Math.max(present.nextId(), before.nextId());
    List<PeerSpec> merged = new ArrayList<>(present.servers());
    for (PeerSpec old : before.servers()) {
      if (numbered.indexOf(old.id()) < 0) {
        merged.removeIf(server -> server.id() == old.id());
      }
    }
    for (PeerSpec server : numbered.servers()) {
      PeerSpec old = find(before, server.id());
      if (old == null) {
        merged.add(server.withId(nextId++));
        continue;
      }
      for (int i = 0; i < merged.size(); i++) {
        if (merged.get(i).id() == server.id()) {
          merged.set(i, merge(old, server, merged.get(i)));
        }
      }
    }
    return new UpstreamSpec(
        now.name(),
        merged,
        pick(before.method(), now.method(), present.method()),
        pick(before.keepalive(), now.keepalive(), present.keepalive()),
        pick(before.options(), now.options(), present.options()),
        nextId);
  }

  /// What the configuration is to be remembered as after [#merge]: its servers with the ids that
  /// they have in what was merged.
  public static UpstreamSpec configured(
      UpstreamSpec before, UpstreamSpec now, UpstreamSpec present) {
    UpstreamSpec numbered = now.succeeding(before);
    long fresh = Math.max(present.nextId(), before.nextId());
    long nextId = before.nextId();
    List<PeerSpec> servers = new ArrayList<>();
    for (PeerSpec server : numbered.servers()) {
      if (find(before, server.id()) == null) {
        servers.add(server.withId(fresh++));
        nextId = fresh;
      } else {
        servers.add(server);
      }
    }
    return now.withServers(servers, nextId);
  }

  /// What became of one server: of each setting what a list says anew, else what it is at present.
  ///
  /// @param old what the list said before
  /// @param now what it says now
  public static PeerSpec merge(PeerSpec old, PeerSpec now, PeerSpec present) {
    return merge(old, now, present, SpecMerge::pick);
  }

  /// What an upstream is when an edit of it is taken back: what the edit changed, and nobody has
  /// changed since, is as it was before; everything else is as it is. A server that it removed
  /// comes back with its id, to its place in the list as far as there still is one.
  ///
  /// @param before the edit
  /// @param after the edit
  /// @param present what is in force
  public static UpstreamSpec takeBack(
      UpstreamSpec before, UpstreamSpec after, UpstreamSpec present) {
    List<PeerSpec> servers = new ArrayList<>();
    for (PeerSpec server : present.servers()) {
      PeerSpec was = find(before, server.id());
      PeerSpec edited = find(after, server.id());
      if (edited == null) {
        servers.add(server); // of somebody else
      } else if (was != null) {
        servers.add(merge(edited, was, server, SpecMerge::unlessChanged));
      } // else the edit has added it
    }
    for (int i = 0; i < before.servers().size(); i++) {
      PeerSpec was = before.servers().get(i);
      if (find(after, was.id()) == null && find(present, was.id()) == null) {
        servers.add(Math.min(i, servers.size()), was);
      }
    }
    return new UpstreamSpec(
        present.name(),
        servers,
        unlessChanged(after.method(), before.method(), present.method()),
        unlessChanged(after.keepalive(), before.keepalive(), present.keepalive()),
        unlessChanged(after.options(), before.options(), present.options()),
        Math.max(present.nextId(), before.nextId()));
  }

  /// Which of three values counts.
  private interface Pick {
    <T extends @Nullable Object> T of(T old, T now, T present);
  }

  private static PeerSpec merge(PeerSpec old, PeerSpec now, PeerSpec present, Pick pick) {
    return present
        .at(
            pick.of(old.server(), now.server(), present.server()),
            pick.of(old.address(), now.address(), present.address()))
        .withWeight(pick.of(old.weight(), now.weight(), present.weight()))
        .withMaxConns(pick.of(old.maxConns(), now.maxConns(), present.maxConns()))
        .withFailures(
            pick.of(old.maxFails(), now.maxFails(), present.maxFails()),
            pick.of(old.failTimeoutMillis(), now.failTimeoutMillis(), present.failTimeoutMillis()))
        .withSlowStart(
            pick.of(old.slowStartMillis(), now.slowStartMillis(), present.slowStartMillis()))
        .withBackup(pick.of(old.backup(), now.backup(), present.backup()))
        .withDown(pick.of(old.down(), now.down(), present.down()))
        .withDrain(pick.of(old.drain(), now.drain(), present.drain()))
        .withRoute(pick.of(old.route(), now.route(), present.route()))
        .withCanary(pick.of(old.canary(), now.canary(), present.canary()));
  }

  private static <T extends @Nullable Object> T pick(T old, T now, T present) {
    return Objects.equals(old, now) ? present : now;
  }

  private static <T extends @Nullable Object> T unlessChanged(T old, T now, T present) {
    return Objects.equals(old, present) ? now : present;
  }

  private static @Nullable PeerSpec find(UpstreamSpec spec, long id) {
    int at = spec.indexOf(id);
    return at < 0 ? null : spec.servers().get(at);
  }
}

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
    return present
        .at(
            pick(old.server(), now.server(), present.server()),
            pick(old.address(), now.address(), present.address()))
        .withWeight(pick(old.weight(), now.weight(), present.weight()))
        .withMaxConns(pick(old.maxConns(), now.maxConns(), present.maxConns()))
        .withFailures(
            pick(old.maxFails(), now.maxFails(), present.maxFails()),
            pick(old.failTimeoutMillis(), now.failTimeoutMillis(), present.failTimeoutMillis()))
        .withSlowStart(
            pick(old.slowStartMillis(), now.slowStartMillis(), present.slowStartMillis()))
        .withBackup(pick(old.backup(), now.backup(), present.backup()))
        .withDown(pick(old.down(), now.down(), present.down()))
        .withDrain(pick(old.drain(), now.drain(), present.drain()))
        .withRoute(pick(old.route(), now.route(), present.route()))
        .withCanary(pick(old.canary(), now.canary(), present.canary()));
  }

  private static <T extends @Nullable Object> T pick(T old, T now, T present) {
    return Objects.equals(old, now) ? present : now;
  }

  private static @Nullable PeerSpec find(UpstreamSpec spec, long id) {
    int at = spec.indexOf(id);
    return at < 0 ? null : spec.servers().get(at);
  }
}

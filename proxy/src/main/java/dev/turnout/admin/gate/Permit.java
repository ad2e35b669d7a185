package dev.turnout.admin.gate;

import dev.turnout.cluster.Origin;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the gate found out about a request that it let through: who asks, from where. Immutable,
/// for any thread.
public final class Permit {
  private final String dialect;
  private final Identity identity;
  private final String from;
  private final AuditLog audit;

  Permit(String dialect, Identity identity, String from, AuditLog audit) {
    this.dialect = dialect;
    this.identity = identity;
    this.from = from;
    this.audit = audit;
  }

  /// Who asks: `key:NAME`, `user:NAME`, `uid:N`, or the client's address.
  public String who() {
    return identity.name();
  }

  /// What they may do.
  public Role role() {
    return identity.role();
  }

  /// What a change that it is granted comes from.
  ///
  /// @param why the reason that was given; empty if none was
  public Origin origin(String why) {
    return new Origin(dialect, identity.name(), why, from);
  }

  /// Why these may not be done, by the role alone; null if they may. Whatever else there is about
  /// the request was judged when this was granted.
  public Decision.@Nullable Refused may(List<Ask> asks) {
    for (Ask ask : asks) {
      if (!identity.role().permits(ask)) {
        Decision.Refused refused = new Decision.Refused(403, identity.role().refusal(ask));
        audit.refused(dialect, identity.name(), from, ask.what(), refused);
        return refused;
      }
    }
    return null;
  }

  /// The same for one.
  public Decision.@Nullable Refused may(Ask ask) {
    return may(List.of(ask));
  }
}

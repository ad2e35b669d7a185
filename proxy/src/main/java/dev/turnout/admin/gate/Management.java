package dev.turnout.admin.gate;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who has which role in a location: `management_keys`, `management_jwt` and `management_allow`
/// there.
///
/// @param keys null: no keys are taken
/// @param tokens null: no tokens are taken
/// @param users roles of the users of `auth_basic`
/// @param uids roles of users of this machine, who come by a unix socket
record Management(
    @Nullable ApiKeys keys,
    @Nullable Jwt tokens,
    Map<String, Role> users,
    Map<Integer, Role> uids) {
  Management {
    users = Map.copyOf(users);
    uids = Map.copyOf(uids);
  }

  /// Whether clients may show who they are by a field of the request.
  boolean asksForKeys() {
    return keys != null || tokens != null;
  }

  /// Whether roles are given at all: if not, whoever the location lets in may do everything.
  boolean isOn() {
    return asksForKeys() || !users.isEmpty() || !uids.isEmpty();
  }
}

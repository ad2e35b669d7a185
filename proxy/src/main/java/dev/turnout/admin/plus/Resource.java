package dev.turnout.admin.plus;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a path of the API stands for. Called on virtual threads; what it does may wait.
interface Resource {
  /// What stands at `name` below this; null if nothing can.
  ///
  /// @throws Refusal with the code of what is missing, where such a thing could be
  default @Nullable Resource child(Call call, String name) {
    return null;
  }

  /// The methods that change it.
  default Set<Method> changes() {
    return Set.of();
  }

  Reply get(Call call);

  /// Called for one of [#changes()].
  default Reply change(Call call) {
    throw new IllegalStateException(call.described() + " is not a change that is announced");
  }
}

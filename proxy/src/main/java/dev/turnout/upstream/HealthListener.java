package dev.turnout.upstream;

/// Is told what changes in the health of upstreams.
///
/// Called on whatever thread made the change, event loops among them, so it must not wait. Changes
/// of one server that two threads make at the same moment may be told in either order.
@FunctionalInterface
public interface HealthListener {
  /// Tells nobody.
  static HealthListener none() {
    return _ -> {};
  }

  /// Something changed.
  void changed(HealthEvent event);

  /// Tells this one, then `next`.
  default HealthListener andThen(HealthListener next) {
    return event -> {
      changed(event);
      next.changed(event);
    };
  }
}

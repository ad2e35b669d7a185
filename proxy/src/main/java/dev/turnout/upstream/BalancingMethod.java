package dev.turnout.upstream;

import org.jspecify.annotations.Nullable;

/// How an upstream chooses among its peers, as configured.
public sealed interface BalancingMethod {
  /// Whether the method has a use for `backup` servers; nginx refuses the parameter where it has
  /// not.
  boolean allowsBackup();

  /// Whether the method can give a server less than its share for a while.
  boolean allowsSlowStart();

  /// Whether the method decides by how long servers take.
  default boolean usesTimes() {
    return this instanceof LeastTime || (this instanceof Random random && random.time() != null);
  }

  /// Weighted smooth round robin: the method when none is named.
  record RoundRobin() implements BalancingMethod {
    @Override
    public boolean allowsBackup() {
      return true;
    }

    @Override
    public boolean allowsSlowStart() {
      return true;
    }
  }

  /// `least_conn`.
  record LeastConnections() implements BalancingMethod {
    @Override
    public boolean allowsBackup() {
      return true;
    }

    @Override
    public boolean allowsSlowStart() {
      return true;
    }
  }

  /// `least_time`.
  ///
  /// @param header the time to the head of a response counts, not the time to its end
  /// @param inflight requests that are still running count as well
  record LeastTime(boolean header, boolean inflight) implements BalancingMethod {
    @Override
    public boolean allowsBackup() {
      return true;
    }

    @Override
    public boolean allowsSlowStart() {
      return true;
    }
  }

  /// `ip_hash`.
  record IpHash() implements BalancingMethod {
    @Override
    public boolean allowsBackup() {
      return false;
    }

    @Override
    public boolean allowsSlowStart() {
      return false;
    }
  }

  /// `hash key [consistent]`.
  ///
  /// @param key the template as written; its value for a request is [PickContext#hashKey()]
  record Hash(String key, boolean consistent) implements BalancingMethod {
    @Override
    public boolean allowsBackup() {
      return false;
    }

    @Override
    public boolean allowsSlowStart() {
      return false;
    }
  }

  /// `random [two]`.
  ///
  /// @param two draws two servers and takes the better one
  /// @param time what is better of two: the faster by this, or, if null, the less busy
  record Random(boolean two, @Nullable LeastTime time) implements BalancingMethod {
    public Random(boolean two) {
      this(two, null);
    }

    @Override
    public boolean allowsBackup() {
      return false;
    }

    @Override
    public boolean allowsSlowStart() {
      return false;
    }
  }
}

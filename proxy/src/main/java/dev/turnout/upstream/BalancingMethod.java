package dev.turnout.upstream;

/// How an upstream chooses among its peers, as configured.
public sealed interface BalancingMethod {
  /// Whether the method has a use for `backup` servers; nginx refuses the parameter where it has
  /// not.
  boolean allowsBackup();

  /// Whether the method can give a server less than its share for a while.
  boolean allowsSlowStart();

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
  /// @param two draws two servers and takes the less busy one
  record Random(boolean two) implements BalancingMethod {
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

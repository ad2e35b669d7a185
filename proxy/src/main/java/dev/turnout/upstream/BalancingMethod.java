package dev.turnout.upstream;

/// How an upstream chooses among its peers, as configured.
public sealed interface BalancingMethod {
  /// Whether the method has a use for `backup` servers; nginx refuses the parameter where it has
  /// not.
  boolean allowsBackup();

  /// Whether the method can give a server less than its share for a while.
  boolean allowsSlowStart();

  /// The directive that chooses it, as it is written in a configuration; `round_robin` for the one
  /// that none chooses.
  String text();

  /// The method whose [#text] this is.
  ///
  /// @throws IllegalArgumentException if there is none
  static BalancingMethod parse(String text) {
    return switch (text) {
      case "round_robin" -> new RoundRobin();
      case "least_conn" -> new LeastConnections();
      case "ip_hash" -> new IpHash();
      case "random" -> new Random(false);
      case "random two" -> new Random(true);
      default -> {
        if (!text.startsWith("hash ")) {
          throw new IllegalArgumentException("unknown balancing method \"" + text + "\"");
        }
        boolean consistent = text.endsWith(" consistent");
        yield new Hash(text.substring(5, text.length() - (consistent ? 11 : 0)), consistent);
      }
    };
  }

  /// Weighted smooth round robin: the method when none is named.
  record RoundRobin() implements BalancingMethod {
    @Override
    public String text() {
      return "round_robin";
    }

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
    public String text() {
      return "least_conn";
    }

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
    public String text() {
      return "ip_hash";
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

  /// `hash key [consistent]`.
  ///
  /// @param key the template as written; its value for a request is [PickContext#hashKey()]
  record Hash(String key, boolean consistent) implements BalancingMethod {
    @Override
    public String text() {
      return "hash " + key + (consistent ? " consistent" : "");
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

  /// `random [two]`.
  ///
  /// @param two draws two servers and takes the less busy one
  record Random(boolean two) implements BalancingMethod {
    @Override
    public String text() {
      return two ? "random two" : "random";
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

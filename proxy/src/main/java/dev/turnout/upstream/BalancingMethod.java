package dev.turnout.upstream;

import org.jspecify.annotations.Nullable;

/// How an upstream chooses among its peers, as configured.
public sealed interface BalancingMethod {
  /// Whether the method has a use for `backup` servers; nginx refuses the parameter where it has
  /// not.
  default boolean allowsBackup() {
    return switch (this) {
      case RoundRobin _, LeastConnections _, LeastTime _, Pack _ -> true;
      case IpHash _, Hash _, Random _ -> false; // who serves a request is given by it, or by lot
    };
  }

  /// Whether the method can give a server less than its share for a while.
  default boolean allowsSlowStart() {
    return allowsBackup();
  }

  /// Whether the method decides by how long servers take.
  default boolean usesTimes() {
    return this instanceof LeastTime || (this instanceof Random random && random.time() != null);
  }

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
      case "pack" -> new Pack(Pack.USUAL);
      case "ip_hash" -> new IpHash();
      case "random" -> new Random(false);
      case "random two" -> new Random(true);
      case "random two least_time=header" -> new Random(true, new LeastTime(true, false));
      case "random two least_time=last_byte" -> new Random(true, new LeastTime(false, false));
      case "least_time header" -> new LeastTime(true, false);
      case "least_time header inflight" -> new LeastTime(true, true);
      case "least_time last_byte" -> new LeastTime(false, false);
      case "least_time last_byte inflight" -> new LeastTime(false, true);
      default -> {
        if (text.startsWith("pack ")) {
          yield new Pack(Integer.parseInt(text, 5, text.length(), 10));
        }
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
  }

  /// `least_conn`.
  record LeastConnections() implements BalancingMethod {
    @Override
    public String text() {
      return "least_conn";
    }
  }

  /// `least_time`.
  ///
  /// @param header the time to the head of a response counts, not the time to its end
  /// @param inflight requests that are still running count as well
  record LeastTime(boolean header, boolean inflight) implements BalancingMethod {
    @Override
    public String text() {
      return "least_time " + measure() + (inflight ? " inflight" : "");
    }

    /// Whether the time to the head is taken when the head comes, while the request goes on: then
    /// it runs no longer, as far as `inflight` is concerned.
    boolean measuresAtHead() {
      return header && inflight;
    }

    private String measure() {
      return header ? "header" : "last_byte";
    }
  }

  /// `pack [requests]`: the first server that has room, so that the last ones become idle.
  ///
  /// @param requests that a server of weight 1 may have before the next one is turned to
  record Pack(int requests) implements BalancingMethod {
    /// What AutoScale measured for its servers.
    public static final int USUAL = 10;

    public Pack {
      if (requests < 1) {
        throw new IllegalArgumentException("a server is packed with at least one request");
      }
    }

    @Override
    public String text() {
      return requests == USUAL ? "pack" : "pack " + requests;
    }
  }

  /// `ip_hash`.
  record IpHash() implements BalancingMethod {
    @Override
    public String text() {
      return "ip_hash";
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
    public String text() {
      return time != null
          ? "random two least_time=" + time.measure()
          : two ? "random two" : "random";
    }
  }
}

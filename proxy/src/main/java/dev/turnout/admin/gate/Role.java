package dev.turnout.admin.gate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What an identity may do: `viewer`, `operator` or `admin`, with changes bound to some upstreams
/// and hosts if it says so: `operator:upstream=web-*,host=*.example.com`.
///
/// @param upstreams the upstreams that changes may touch; empty: any
/// @param hosts the hosts, as keys of a zone, that changes may touch; empty: any
public record Role(Level level, List<NamePattern> upstreams, List<NamePattern> hosts) {
  /// Everything, everywhere.
  public static final Role ADMIN = new Role(Level.ADMIN, List.of(), List.of());

  public Role {
    upstreams = List.copyOf(upstreams);
    hosts = List.copyOf(hosts);
  }

  /// Reads a role as it is written in the configuration.
  ///
  /// @throws IllegalArgumentException with what is wrong with it
  public static Role parse(String text) {
    int colon = text.indexOf(':');
    String word = colon < 0 ? text : text.substring(0, colon);
    List<NamePattern> upstreams = new ArrayList<>();
    List<NamePattern> hosts = new ArrayList<>();
    if (colon >= 0) {
      for (String bound : text.substring(colon + 1).split(",", -1)) {
        int equals = bound.indexOf('=');
        String pattern = bound.substring(equals + 1);
        List<NamePattern> to =
            switch (equals < 0 ? "" : bound.substring(0, equals)) {
              case "upstream" -> upstreams;
              case "host" -> hosts;
              default -> throw new IllegalArgumentException(invalid(text));
            };
        if (pattern.isEmpty()) {
          throw new IllegalArgumentException(invalid(text));
        }
        to.add(new NamePattern(pattern));
      }
    }
    for (Level level : Level.values()) {
      if (level.word().equals(word)) {
        return new Role(level, upstreams, hosts);
      }
    }
    throw new IllegalArgumentException(invalid(text));
  }

  /// The patterns of upstreams that changes may touch, as texts; empty: any.
  public List<String> upstreamPatterns() {
    return upstreams.stream().map(NamePattern::text).toList();
  }

  /// The patterns of hosts that changes may touch, as texts; empty: any.
  public List<String> hostPatterns() {
    return hosts.stream().map(NamePattern::text).toList();
  }

  private static String invalid(String text) {
    return "invalid role \""
        + text
        + "\": viewer, operator or admin, and where it is bound :upstream=pattern,host=pattern";
  }

  /// Whether it may do what is asked. A bound role may do what its patterns reach: all that is
  /// named must match those of its kind, and something must.
  boolean permits(Ask ask) {
    if (level.compareTo(ask.level()) < 0) {
      return false;
    }
    boolean bound = !upstreams.isEmpty() || !hosts.isEmpty();
    if (!bound || !ask.isChange() || ask.isAttempt()) {
      return true;
    }
    boolean reached = false;
    String upstream = ask.upstream();
    if (upstream != null && !upstreams.isEmpty()) {
      if (upstreams.stream().noneMatch(pattern -> pattern.matches(upstream))) {
        return false;
      }
      reached = true;
    }
    String host = ask.host();
    if (host != null && !hosts.isEmpty()) {
      if (hosts.stream().noneMatch(pattern -> pattern.matches(host))) {
        return false;
      }
      reached = true;
    }
    return reached;
  }

  /// Why it may not do what is asked.
  String refusal(Ask ask) {
    return level.compareTo(ask.level()) < 0
        ? "to " + ask.what() + " takes the role " + ask.level().word() + ", this is " + this
        : "the role " + this + " may not " + ask.what();
  }

  private static void write(StringBuilder out, String kind, List<NamePattern> patterns) {
    for (NamePattern pattern : patterns) {
      out.append(out.indexOf(":") < 0 ? ':' : ',').append(kind).append('=').append(pattern);
    }
  }

  @Override
  public String toString() {
    StringBuilder out = new StringBuilder(level.name().toLowerCase(Locale.ROOT));
    write(out, "upstream", upstreams);
    write(out, "host", hosts);
    return out.toString();
  }
}

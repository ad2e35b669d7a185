package dev.turnout.upstream;

import java.util.Set;
import java.util.TreeSet;

/// Tengine's `check` of an upstream, and what `check_http_send` and its kind add to it.
///
/// @param timeoutMillis how long all of a probe may take
/// @param fall failures in a row that take a server out
/// @param rise successes in a row that bring it back
/// @param defaultDown a new server takes no requests until it has risen
/// @param port of the probe; 0 for the server's own
/// @param send what goes to the server, bytes as characters; nothing for [Type#TCP]
/// @param alive the first digits of good status codes
/// @param keepaliveRequests how many probes go over one connection
public record CheckSpec(
    Type type,
    long intervalMillis,
    long timeoutMillis,
    int fall,
    int rise,
    boolean defaultDown,
    int port,
    String send,
    Set<Integer> alive,
    int keepaliveRequests) {
  public static final String STANDARD_REQUEST = "GET / HTTP/1.0\r\n\r\n";
  public static final Set<Integer> STANDARD_ALIVE = Set.of(2, 3);

  /// How a server is asked.
  public enum Type {
    TCP("tcp"),
    HTTP("http");

    private final String text;

    Type(String text) {
      this.text = text;
    }

    /// As `check type=` says it.
    public String text() {
      return text;
    }
  }

  public CheckSpec {
    if (intervalMillis < 1 || timeoutMillis < 1 || keepaliveRequests < 1) {
      throw new IllegalArgumentException("a check without time");
    }
    alive = Set.copyOf(alive);
    rules(type, port, fall, rise, defaultDown); // which says what else cannot be
  }

  /// How its results are counted: what is known of a server survives changes of the list.
  public ProbeRules rules() {
    return rules(type, port, fall, rise, defaultDown);
  }

  private static ProbeRules rules(Type type, int port, int fall, int rise, boolean defaultDown) {
    return new ProbeRules("check " + type + " " + port, fall, rise, rise, defaultDown, true);
  }

  /// The first word of what is sent.
  public String method() {
    return send.substring(0, Math.max(0, send.indexOf(' ')));
  }

  /// [#alive], the least first.
  public Iterable<Integer> aliveInOrder() {
    return new TreeSet<>(alive);
  }
}

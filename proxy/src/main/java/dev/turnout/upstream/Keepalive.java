package dev.turnout.upstream;

/// What an upstream's idle connections may do: the four `keepalive` directives.
///
/// @param connections the most idle connections an event loop keeps; 0: none
/// @param requests the most requests over one connection
/// @param timeMillis the longest a connection serves requests
/// @param timeoutMillis the longest it idles
public record Keepalive(int connections, int requests, long timeMillis, long timeoutMillis) {
  /// nginx's defaults since 1.29.7.
  public static final Keepalive DEFAULT = new Keepalive(32, 1000, 3_600_000, 60_000);

  public static final Keepalive OFF = new Keepalive(0, 1000, 3_600_000, 60_000);

  public Keepalive {
    if (connections < 0 || requests < 0 || timeMillis < 0 || timeoutMillis < 0) {
      throw new IllegalArgumentException("negative keepalive value");
    }
  }
}

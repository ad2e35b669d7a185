package dev.turnout.upstream;

import dev.turnout.metrics.Latencies;
import dev.turnout.metrics.Responses;

/// What has been counted at one server.
///
/// @param requests requests that were given to it
/// @param responses responses that it gave
/// @param sent bytes that were sent to it
/// @param received bytes that came from it
/// @param fails attempts that counted against it
/// @param unavail how often its failures reached `max_fails`
/// @param downtimeMillis how long it was out for that
/// @param responseTimes from the beginning of an attempt to the last byte of the response, of
///   attempts that brought one; tunnels are left out
public record PeerTotals(
    long requests,
    Responses responses,
    long sent,
    long received,
    long fails,
    long unavail,
    long downtimeMillis,
    Latencies responseTimes) {
  public static final PeerTotals NONE =
      new PeerTotals(0, Responses.NONE, 0, 0, 0, 0, 0, Latencies.NONE);

  PeerTotals since(PeerTotals before) {
    return new PeerTotals(
        Math.max(0, requests - before.requests),
        responses.since(before.responses),
        Math.max(0, sent - before.sent),
        Math.max(0, received - before.received),
        Math.max(0, fails - before.fails),
        Math.max(0, unavail - before.unavail),
        Math.max(0, downtimeMillis - before.downtimeMillis),
        responseTimes.since(before.responseTimes));
  }
}

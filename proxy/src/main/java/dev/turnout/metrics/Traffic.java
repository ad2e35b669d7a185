package dev.turnout.metrics;

/// What has been counted in a `status_zone`.
///
/// @param processing requests that are under way; 0 for locations, where a request belongs to none
///   before it is over
/// @param requests requests that have come
/// @param responses responses that were begun
/// @param discarded requests that ended without a response
/// @param received bytes that came from clients
/// @param sent bytes that went to clients
/// @param durations from the first byte of a request to the last of its response; not of tunnels
public record Traffic(
    long processing,
    long requests,
    Responses responses,
    long discarded,
    long received,
    long sent,
    Latencies durations) {
  /// Nothing.
  public static final Traffic NONE = new Traffic(0, 0, Responses.NONE, 0, 0, 0, Latencies.NONE);

  /// What came after `before`; `processing` stays what it is.
  public Traffic since(Traffic before) {
    return new Traffic(
        processing,
        Math.max(0, requests - before.requests),
        responses.since(before.responses),
        Math.max(0, discarded - before.discarded),
        Math.max(0, received - before.received),
        Math.max(0, sent - before.sent),
        durations.since(before.durations));
  }
}

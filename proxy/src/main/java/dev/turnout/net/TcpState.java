package dev.turnout.net;

/// What the kernel knows about a TCP connection (TCP_INFO).
///
/// @param roundTripMicros smoothed
/// @param roundTripVarianceMicros of the round trips
/// @param congestionWindow in segments
/// @param receiveSpace in bytes
public record TcpState(
    long roundTripMicros, long roundTripVarianceMicros, long congestionWindow, long receiveSpace) {}

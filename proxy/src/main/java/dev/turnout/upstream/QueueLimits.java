package dev.turnout.upstream;

/// `queue`: how many requests may wait for a server at once, and how long each.
public record QueueLimits(int size, long timeoutMillis) {}

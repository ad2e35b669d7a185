package dev.turnout.autoscaler;

/// So many servers, whatever the policy says, until a moment.
///
/// @param untilSeconds of the clock of the observations
public record ManualTarget(int servers, double untilSeconds) {}

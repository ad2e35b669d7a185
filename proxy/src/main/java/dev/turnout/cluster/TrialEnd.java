package dev.turnout.cluster;

/// How the [Trial] of a change has ended.
///
/// @param revision the change that was on trial
/// @param kept it stays; false: it was taken back
public record TrialEnd(long revision, boolean kept) {}

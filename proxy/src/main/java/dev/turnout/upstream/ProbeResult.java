package dev.turnout.upstream;

/// What one probe of one server came to.
///
/// @param atMillis when it began, in milliseconds since the epoch
/// @param durationMillis how long it took
/// @param stage what was being done when it was decided: `connecting to upstream`, `checking status
///   code`
/// @param saw the status line, the beginning of a body that did not match, or what went wrong
public record ProbeResult(
    long atMillis, long durationMillis, boolean passed, String stage, String saw) {}

package dev.turnout.discovery;

/// How a group that follows a source is doing.
///
/// @param upstream the group
/// @param source where the source is, without secrets
/// @param state how it is
/// @param message what went wrong last; empty: nothing, or it is over
/// @param answeredMillis when the source gave an answer last, in milliseconds since the epoch; 0:
///   not yet
/// @param changes how often its answer changed the group
/// @param failures how often it gave none that could be used
public record FollowerStatus(
    String upstream,
    String source,
    State state,
    String message,
    long answeredMillis,
    long changes,
    long failures) {
  /// How a source is.
  public enum State {
    /// It was not heard of yet.
    WAITING,
    /// The group is as it said last.
    IN_STEP,
    /// It does not answer; the group is as it said when it did.
    SILENT,
    /// It answers, and the group may not be made so.
    REFUSED
  }
}

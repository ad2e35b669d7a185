package dev.turnout.cluster;

/// The value of a key, and until when it holds.
///
/// @param deadlineMillis in milliseconds since the epoch; [#NEVER] if it does not end
public record KeyvalEntry(String value, long deadlineMillis) {
  /// The deadline of what stays until it is deleted.
  public static final long NEVER = Long.MAX_VALUE;
}

package dev.turnout.admin.control;

import dev.turnout.control.Events;
import org.jspecify.annotations.Nullable;

/// How far a client has read the events: `run-number`, as they are named to it, or `oldest`: it has
/// read none of them.
///
/// @param seen the number of the last event that it has seen
/// @param isOfAnotherRun it has seen those of an earlier process, and may have missed some
record EventCursor(long seen, boolean isOfAnotherRun) {
  static String text(Events events, long number) {
    return events.run() + "-" + number;
  }

  /// @param text as the client gave it; null: it wants what comes from now on
  /// @param place where it gave it
  static EventCursor of(Events events, @Nullable String text, String place) {
    if (text == null) {
      return new EventCursor(events.last(), false);
    }
    if (text.equals("oldest")) {
      return new EventCursor(0, false);
    }
    int dash = text.lastIndexOf('-');
    try {
      if (dash > 0) {
        long number = Long.parseLong(text, dash + 1, text.length(), 10);
        return text.substring(0, dash).equals(events.run())
            ? new EventCursor(number, false)
            : new EventCursor(0, true);
      }
    } catch (NumberFormatException _) {
      // not one of ours
    }
    throw Problem.of(400, "invalid_argument", "\"" + text + "\" is not the id of an event")
        .at(place)
        .hint("as \"next\" or the id of an event has it, or oldest");
  }
}

package dev.turnout.config;

import org.jspecify.annotations.Nullable;

/// nginx's form of a message about the configuration.
final class Messages {
  /// nginx cuts the words before it adds the place.
  private static final int LONGEST = 1024;

  private Messages() {}

  static String located(String message, @Nullable Position place) {
    String text = message.length() > LONGEST ? message.substring(0, LONGEST) : message;
    return place == null ? text : text + " in " + place;
  }
}

package dev.turnout.admin.plus;

import dev.turnout.json.Json;
import org.jspecify.annotations.Nullable;

/// Bodies, and what the API makes of the values in them.
final class Body {
  private Body() {}

  /// The JSON that a body holds.
  ///
  /// @throws Refusal if it holds none, or something else beside it
  static Json parse(String bytes) {
    try {
      return Json.parseBytes(bytes);
    } catch (Json.Malformed _) {
      throw Refusal.json();
    }
  }

  /// A string, a number or a truth value, as it was written; null: it is something else.
  static @Nullable String scalar(@Nullable Json value) {
    return switch (value) {
      case Json.Text(String text) -> text;
      case Json.Numeral(String digits) -> digits;
      case Json.Truth(boolean truth) -> Boolean.toString(truth);
      case Json.Null _, Json.Members _, Json.Elements _ -> null;
      case null -> null;
    };
  }
}

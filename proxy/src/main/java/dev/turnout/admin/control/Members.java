package dev.turnout.admin.control;

import dev.turnout.config.NearestNames;
import dev.turnout.config.Units;
import dev.turnout.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// An object of a body while it is read: what is asked for must have the right type, and [#end]
/// refuses what was not asked for.
final class Members {
  private final String place;
  private final Map<String, Json> values;
  private final Set<String> known = new LinkedHashSet<>();

  private Members(String place, Map<String, Json> values) {
    this.place = place;
    this.values = values;
  }

  /// @param place the JSON pointer to `value`
  static Members of(Json value, String place) {
    if (value instanceof Json.Members(Map<String, Json> byName)) {
      return new Members(place, byName);
    }
    throw Problem.invalid(value.kind() + " where an object should be", place, "");
  }

  /// The JSON pointer to a member.
  String place(String name) {
    return place + "/" + name.replace("~", "~0").replace("/", "~1");
  }

  boolean has(String name) {
    known.add(name);
    return values.containsKey(name);
  }

  private @Nullable Json find(String name) {
    known.add(name);
    return values.get(name);
  }

  private Problem wrong(String name, Json found, String right) {
    return Problem.invalid(
        "\"" + name + "\" is " + found.kind() + ", not " + right, place(name), "");
  }

  @Nullable String text(String name) {
    return switch (find(name)) {
      case null -> null;
      case Json.Text(String bytes) -> bytes;
      case Json other -> throw wrong(name, other, "a string");
    };
  }

  String text(String name, String otherwise) {
    String found = text(name);
    return found == null ? otherwise : found;
  }

  String needText(String name) {
    String found = text(name);
    if (found == null) {
      throw missing(name);
    }
    return found;
  }

  private Problem missing(String name) {
    return Problem.of(400, "missing_field", "\"" + name + "\" is missing").at(place(name));
  }

  @Nullable Boolean truth(String name) {
    return switch (find(name)) {
      case null -> null;
      case Json.Truth(boolean value) -> value;
      case Json other -> throw wrong(name, other, "true or false");
    };
  }

  @Nullable Long number(String name, long least, long most) {
    Json found = find(name);
    if (found == null) {
      return null;
    }
    if (!(found instanceof Json.Numeral(String text))) {
      throw wrong(name, found, "a number");
    }
    try {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException _) {
      // a fraction, or far too large
    }
    throw Problem.invalid(
        "\"" + name + "\" is " + text, place(name), "a whole number from " + least + " to " + most);
  }

  long number(String name, long least, long most, long otherwise) {
    Long found = number(name, least, most);
    return found == null ? otherwise : found;
  }

  /// True if it is there, and null.
  boolean isNull(String name) {
    return find(name) instanceof Json.Null;
  }

  long needNumber(String name, long least, long most) {
    Long found = number(name, least, most);
    if (found == null) {
      throw missing(name);
    }
    return found;
  }

  /// A time, in milliseconds.
  @Nullable Long millis(String name) {
    String text = text(name);
    if (text == null) {
      return null;
    }
    OptionalLong millis = Units.milliseconds(text);
    if (millis.isEmpty()) {
      throw Problem.invalid(
          "\"" + name + "\" is \"" + text + "\"", place(name), "a time is 30s, 5m, 1h30m or 500ms");
    }
    return millis.getAsLong();
  }

  @Nullable Members object(String name) {
    Json found = find(name);
    return found == null ? null : Members.of(found, place(name));
  }

  Members needObject(String name) {
    Members found = object(name);
    if (found == null) {
      throw missing(name);
    }
    return found;
  }

  /// The objects of a list.
  List<Members> needObjects(String name) {
    Json found = find(name);
    if (found == null) {
      throw missing(name);
    }
    if (!(found instanceof Json.Elements(List<Json> values))) {
      throw wrong(name, found, "a list");
    }
    List<Members> objects = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      objects.add(Members.of(values.get(i), place(name) + "/" + i));
    }
    return objects;
  }

  /// Refuses what nobody has asked for.
  void end() {
    for (String name : values.keySet()) {
      if (!known.contains(name)) {
        List<String> near = NearestNames.of(name, known);
        throw Problem.of(400, "unknown_field", "there is no field \"" + name + "\" here")
            .at(place(name))
            .hint(
                near.isEmpty()
                    ? "known here: " + String.join(", ", known)
                    : "did you mean " + String.join(" or ", near) + "?");
      }
    }
  }
}

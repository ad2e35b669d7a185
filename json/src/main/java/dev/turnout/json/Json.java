package dev.turnout.json;

import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/// A value of a JSON document. Immutable.
///
/// What has to be there, and of one type, is asked for by `as…`, or matched as the record that it
/// is. The others ([#text], [#number], [#elements] …) are for documents of other systems: what is
/// missing, or something else, is empty for them, and nothing throws.
public sealed interface Json {
  /// How deep values may lie in one another.
  int DEEPEST = 500;

  /// How many digits a number may have.
  int LONGEST_NUMBER = 1000;

  /// A string: its characters, or its bytes, one char each ([#parseBytes]).
  record Text(String value) implements Json {
    @Override
    public String kind() {
      return "a string";
    }
  }

  /// A number, as it was written: nothing is rounded.
  record Numeral(String digits) implements Json {
    @Override
    public String kind() {
      return "a number";
    }

    /// True if it has neither a fraction nor an exponent.
    public boolean isWhole() {
      return digits.chars().allMatch(c -> c == '-' || (c >= '0' && c <= '9'));
    }
  }

  /// `true` or `false`.
  record Truth(boolean value) implements Json {
    @Override
    public String kind() {
      return value ? "true" : "false";
    }
  }

  /// `null`, and what is not there at all.
  record Null() implements Json {
    private static final Null NULL = new Null();

    @Override
    public String kind() {
      return "null";
    }
  }

  /// An object.
  ///
  /// @param byName its members in the order in which they stand; taken: nobody else keeps the map
  record Members(Map<String, Json> byName) implements Json {
    public Members {
      byName = Collections.unmodifiableMap(byName);
    }

    @Override
    public String kind() {
      return "an object";
    }
  }

  /// A list.
  record Elements(List<Json> values) implements Json {
    public Elements {
      values = List.copyOf(values);
    }

    @Override
    public String kind() {
      return "a list";
    }
  }

  /// A text is no JSON. The message says that, why, and where.
  final class Malformed extends IOException {
    private static final long serialVersionUID = 1;

    private final String why;
    private final String place;

    Malformed(String why, String place) {
      super("not JSON: " + why + (place.isEmpty() ? "" : " at " + place));
      this.why = why;
      this.place = place;
    }

    /// What is wrong.
    public String why() {
      return why;
    }

    /// The line and the column, `line 2, column 17`; empty if nothing is there to be pointed at.
    public String place() {
      return place;
    }
  }

  /// Reads a document. A name that an object has twice is refused: which of the two counts would be
  /// a guess.
  ///
  /// @throws Malformed if it is none, is deeper than [#DEEPEST], or has a number that is longer
  ///   than [#LONGEST_NUMBER]
  static Json parse(String text) throws Malformed {
    return JsonReading.read(text, false);
  }

  /// The same of a text in UTF-8; a byte order mark before it is passed over.
  static Json parse(byte[] utf8) throws Malformed {
    return JsonReading.read(JsonReading.decoded(utf8), false);
  }

  /// The same of a text in UTF-8 that has a char for each byte, as all strings from the wire have;
  /// so have the names and strings of the values.
  static Json parseBytes(String bytes) throws Malformed {
    return JsonReading.read(JsonReading.decoded(bytes), true);
  }

  /// `null`.
  static Json none() {
    return Null.NULL;
  }

  /// What it is, in words for whoever wrote it.
  String kind();

  // ---- of any value, without trouble

  /// True if it is there, and not `null`.
  default boolean isThere() {
    return !(this instanceof Null);
  }

  default boolean isObject() {
    return this instanceof Members;
  }

  default boolean isList() {
    return this instanceof Elements;
  }

  default boolean isText() {
    return this instanceof Text;
  }

  /// A member of an object; [none][#none] if it has none of that name, or is no object.
  default Json get(String name) {
    return this instanceof Members(Map<String, Json> byName)
        ? byName.getOrDefault(name, Null.NULL)
        : Null.NULL;
  }

  /// The members of an object.
  default Map<String, Json> members() {
    return this instanceof Members(Map<String, Json> byName) ? byName : Map.of();
  }

  /// The elements of a list.
  default List<Json> elements() {
    return this instanceof Elements(List<Json> values) ? values : List.of();
  }

  /// A string.
  default String text() {
    return this instanceof Text(String value) ? value : "";
  }

  /// A whole number, also where it is written as a string, as numbers are that are too long for
  /// other readers; `otherwise` if it is none.
  default long number(long otherwise) {
    String digits =
        switch (this) {
          case Numeral(String written) -> written;
          case Text(String written) -> written;
          case Truth _, Null _, Members _, Elements _ -> "";
        };
    try {
      return digits.isEmpty() ? otherwise : Long.parseLong(digits);
    } catch (NumberFormatException _) {
      return otherwise;
    }
  }

  /// A truth value; `otherwise` if it is none.
  default boolean truth(boolean otherwise) {
    return this instanceof Truth(boolean value) ? value : otherwise;
  }

  // ---- of values that have to be what they are asked for

  /// A member of an object.
  ///
  /// @throws IllegalArgumentException if it has none of that name, or is no object
  default Json need(String name) {
    Json member = asMembers().get(name);
    if (member == null) {
      throw new IllegalArgumentException("\"" + name + "\" is missing");
    }
    return member;
  }

  /// The members of an object.
  ///
  /// @throws IllegalArgumentException with what it is instead
  default Map<String, Json> asMembers() {
    if (this instanceof Members(Map<String, Json> byName)) {
      return byName;
    }
    throw wrong("an object");
  }

  /// The elements of a list.
  ///
  /// @throws IllegalArgumentException with what it is instead
  default List<Json> asElements() {
    if (this instanceof Elements(List<Json> values)) {
      return values;
    }
    throw wrong("a list");
  }

  /// A string.
  ///
  /// @throws IllegalArgumentException with what it is instead
  default String asText() {
    if (this instanceof Text(String value)) {
      return value;
    }
    throw wrong("a string");
  }

  /// A whole number.
  ///
  /// @throws IllegalArgumentException with what it is instead
  default long asNumber() {
    if (this instanceof Numeral(String digits)) {
      try {
        return Long.parseLong(digits);
      } catch (NumberFormatException _) {
        // a fraction, or far too large
      }
    }
    throw wrong("a whole number");
  }

  /// A whole number of 32 bits.
  ///
  /// @throws IllegalArgumentException with what it is instead
  default int asInt() {
    long number = asNumber();
    if (number != (int) number) {
      throw wrong("a number of 32 bits");
    }
    return (int) number;
  }

  /// A string of an object; `otherwise` if it is not there.
  ///
  /// @throws IllegalArgumentException if it is something else
  default String textOr(String name, String otherwise) {
    Json member = asMembers().getOrDefault(name, Null.NULL);
    return member.isThere() ? member.asText() : otherwise;
  }

  /// A whole number of an object; `otherwise` if it is not there.
  ///
  /// @throws IllegalArgumentException if it is something else
  default long numberOr(String name, long otherwise) {
    Json member = asMembers().getOrDefault(name, Null.NULL);
    return member.isThere() ? member.asNumber() : otherwise;
  }

  /// A whole number of 32 bits of an object; `otherwise` if it is not there.
  ///
  /// @throws IllegalArgumentException if it is something else
  default int intOr(String name, int otherwise) {
    Json member = asMembers().getOrDefault(name, Null.NULL);
    return member.isThere() ? member.asInt() : otherwise;
  }

  /// The elements of a list of an object; none if it is not there.
  ///
  /// @throws IllegalArgumentException if it is something else
  default List<Json> elementsOf(String name) {
    Json member = asMembers().getOrDefault(name, Null.NULL);
    return member.isThere() ? member.asElements() : List.of();
  }

  private IllegalArgumentException wrong(String wanted) {
    String found =
        switch (this) {
          case Text(String value) ->
              "\"" + (value.length() > 40 ? value.substring(0, 40) + "…" : value) + "\"";
          case Numeral(String digits) -> digits.length() > 40 ? "a long number" : digits;
          case Truth _, Null _, Members _, Elements _ -> kind();
        };
    return new IllegalArgumentException(found + " where " + wanted + " should be");
  }
}

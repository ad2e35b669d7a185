package dev.turnout.ctl;

import dev.turnout.json.Json;
import dev.turnout.json.JsonText;
import java.util.List;

/// A value of what a node answers, asked for as what is shown of it. What is not there shows as
/// nothing: newer nodes say more, older ones less.
record Answer(Json value) {
  static final Answer NONE = new Answer(Json.none());

  /// Reads a document.
  static Answer parse(String text) throws Json.Malformed {
    return new Answer(Json.parse(text));
  }

  Answer get(String name) {
    return new Answer(value.get(name));
  }

  List<Answer> list() {
    return value.elements().stream().map(Answer::new).toList();
  }

  boolean isThere() {
    return value.isThere();
  }

  boolean is(String name) {
    return value.get(name).truth(false);
  }

  long number(String name) {
    return value.get(name).number(0);
  }

  String text(String name) {
    return get(name).toString();
  }

  @Override
  public String toString() {
    return switch (value) {
      case Json.Text(String text) -> text;
      case Json.Null _ -> "";
      case Json.Numeral _, Json.Truth _, Json.Members _, Json.Elements _ ->
          JsonText.of(out -> JsonText.write(out, value));
    };
  }
}

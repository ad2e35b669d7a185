package dev.turnout.json;

import java.io.StringWriter;
import java.io.Writer;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.io.JsonStringEncoder;

/// Writes documents. A generator that is closed early ends nothing that is open: what breaks off
/// does not look complete.
public final class JsonText {
  private JsonText() {}

  /// What writes to `to`; what is not ASCII as it is.
  public static JsonGenerator generator(Writer to) {
    return Library.PLAIN.createGenerator(ObjectWriteContext.empty(), to);
  }

  /// A document that `content` writes; what is not ASCII as it is.
  public static String of(Consumer<JsonGenerator> content) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = generator(text)) {
      content.accept(out);
    }
    return text.toString();
  }

  /// An object with the members that `content` writes, in ASCII: for strings of bytes, of whatever
  /// kind, that must be read again as the chars that they are.
  public static String asciiObject(Consumer<JsonGenerator> content) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = Library.ASCII.createGenerator(ObjectWriteContext.empty(), text)) {
      out.writeStartObject();
      content.accept(out);
      out.writeEndObject();
    }
    return text.toString();
  }

  /// A string with its quotes; what is not ASCII as it is.
  public static String quoted(String text) {
    return "\"" + new String(JsonStringEncoder.getInstance().quoteAsCharArray(text)) + "\"";
  }

  /// Bytes of the program, one char each, as the characters that they are in UTF-8; as they are, if
  /// they are none.
  public static String text(String bytes) {
    try {
      return JsonReading.decoded(bytes);
    } catch (Json.Malformed _) {
      return bytes;
    }
  }

  /// Writes a member: a string of bytes, a whole number, a truth value, an object of these, or
  /// null.
  public static void write(JsonGenerator out, String name, @Nullable Object bytes) {
    out.writeName(name);
    switch (bytes) {
      case String text -> out.writeString(text(text));
      case Map<?, ?> members -> {
        out.writeStartObject();
        members.forEach((member, value) -> write(out, String.valueOf(member), value));
        out.writeEndObject();
      }
      case null, default -> write(out, bytes);
    }
  }

  /// Writes a string of characters, a number, a truth value, a list or an object of these, a value
  /// that was read, or null.
  public static void write(JsonGenerator out, @Nullable Object value) {
    switch (value) {
      case null -> out.writeNull();
      case String text -> out.writeString(text);
      case Boolean truth -> out.writeBoolean(truth);
      case Integer number -> out.writeNumber(number);
      case Long number -> out.writeNumber(number);
      case Double number -> out.writeNumber(number);
      case Map<?, ?> members -> {
        out.writeStartObject();
        members.forEach((name, one) -> {
          out.writeName(String.valueOf(name));
          write(out, one);
        });
        out.writeEndObject();
      }
      case List<?> elements -> {
        out.writeStartArray();
        elements.forEach(one -> write(out, one));
        out.writeEndArray();
      }
      case Json.Text(String text) -> out.writeString(text);
      case Json.Numeral(String digits) -> out.writeNumber(digits);
      case Json.Truth(boolean truth) -> out.writeBoolean(truth);
      case Json.Null _ -> out.writeNull();
      case Json.Members(Map<String, Json> byName) -> write(out, byName);
      case Json.Elements(List<Json> values) -> write(out, values);
      default -> throw new IllegalArgumentException("no JSON is made of " + value.getClass());
    }
  }
}

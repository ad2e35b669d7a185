package dev.turnout.ctl;

import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// A JSON value that was read, asked for as what it has to be. What is not there reads as empty:
/// newer nodes say more, older ones less.
///
/// @param value a map, a list, a text, a number, a truth, or null
record Json(@Nullable Object value) {
  private static final JsonFactory FACTORY = JsonFactory.builder().build();

  /// Reads a document.
  ///
  /// @throws IllegalArgumentException if it is none
  static Json parse(String text) {
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      if (parser.nextToken() == null) {
        throw new IllegalArgumentException("there is nothing");
      }
      Json whole = new Json(read(parser));
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("something follows the document");
      }
      return whole;
    } catch (JacksonException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }

  private static @Nullable Object read(JsonParser parser) {
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          fields.put(name, read(parser));
        }
        yield fields;
      }
      case START_ARRAY -> {
        List<@Nullable Object> values = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          values.add(read(parser));
        }
        yield values;
      }
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  /// A document of maps, lists, texts, numbers and truths.
  static String text(@Nullable Object value) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
      write(out, value);
    }
    return text.toString();
  }

  private static void write(JsonGenerator out, @Nullable Object value) {
    switch (value) {
      case null -> out.writeNull();
      case Json json -> write(out, json.value);
      case Map<?, ?> map -> {
        out.writeStartObject();
        map.forEach((name, one) -> {
          out.writeName(String.valueOf(name));
          write(out, one);
        });
        out.writeEndObject();
      }
      case List<?> list -> {
        out.writeStartArray();
        list.forEach(one -> write(out, one));
        out.writeEndArray();
      }
      case Boolean truth -> out.writeBoolean(truth);
      case Integer number -> out.writeNumber(number);
      case Long number -> out.writeNumber(number);
      case Double number -> out.writeNumber(number);
      default -> out.writeString(value.toString());
    }
  }

  Json get(String name) {
    return new Json(value instanceof Map<?, ?> map ? map.get(name) : null);
  }

  List<Json> list() {
    List<Json> all = new ArrayList<>();
    if (value instanceof List<?> list) {
      list.forEach(one -> all.add(new Json(one)));
    }
    return all;
  }

  boolean isThere() {
    return value != null;
  }

  boolean isList() {
    return value instanceof List;
  }

  boolean is(String name) {
    return Boolean.TRUE.equals(get(name).value);
  }

  long number(String name) {
    return get(name).value instanceof Number number ? number.longValue() : 0;
  }

  String text(String name) {
    Object found = get(name).value;
    return found == null ? "" : found.toString();
  }

  @Override
  public String toString() {
    return value == null ? "" : value.toString();
  }
}

package dev.turnout.net.calls;

import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/// A JSON value as another system wrote it, to be asked for what it should hold: whatever it is
/// instead, or lacks, is empty, and nothing throws.
public final class Json {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // Names are data here: no table of them.
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
          .build();

  private static final Json NOTHING = new Json(null);

  private final @Nullable Object value; // Map, List, String, Numeral, Boolean

  private record Numeral(String text) {}

  private Json(@Nullable Object value) {
    this.value = value;
  }

  /// Reads a document.
  ///
  /// @throws IOException if it is none
  public static Json parse(byte[] utf8) throws IOException {
    try (JsonParser in = FACTORY.createParser(ObjectReadContext.empty(), utf8)) {
      Json document = new Json(value(in, in.nextToken()));
      if (in.nextToken() != null) {
        throw new IOException("not JSON: there is something behind its end");
      }
      return document;
    } catch (JacksonException e) {
      throw new IOException("not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /// Reads a document.
  ///
  /// @throws IOException if it is none
  public static Json parse(String text) throws IOException {
    return parse(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private static @Nullable Object value(JsonParser in, @Nullable JsonToken token)
      throws IOException {
    return switch (token) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        while (in.nextToken() != JsonToken.END_OBJECT) {
          String name = in.currentName();
          members.put(name, value(in, in.nextToken()));
        }
        yield members;
      }
      case START_ARRAY -> {
        List<Json> elements = new ArrayList<>();
        for (JsonToken next = in.nextToken(); next != JsonToken.END_ARRAY; next = in.nextToken()) {
          elements.add(new Json(value(in, next)));
        }
        yield elements;
      }
      case VALUE_STRING -> in.getString();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Numeral(in.getString());
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case null -> throw new IOException("not JSON: it ends too early");
      default -> throw new IOException("not JSON");
    };
  }

  /// A document that `content` writes.
  public static String write(Consumer<JsonGenerator> content) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
      content.accept(out);
    }
    return text.toString();
  }

  /// A member of an object.
  public Json get(String name) {
    return value instanceof Map<?, ?> members && members.get(name) != null
        ? new Json(members.get(name))
        : NOTHING;
  }

  /// True if it is there, and not null.
  public boolean isThere() {
    return value != null;
  }

  /// True if it is an object.
  public boolean isObject() {
    return value instanceof Map;
  }

  /// True if it is a list.
  public boolean isList() {
    return value instanceof List;
  }

  /// The elements of a list.
  public List<Json> elements() {
    List<Json> elements = new ArrayList<>();
    if (value instanceof List<?> list) {
      for (Object element : list) {
        if (element instanceof Json json) {
          elements.add(json);
        }
      }
    }
    return elements;
  }

  /// The names of the members of an object.
  public List<String> names() {
    List<String> names = new ArrayList<>();
    if (value instanceof Map<?, ?> members) {
      members.keySet().forEach(name -> names.add(String.valueOf(name)));
    }
    return names;
  }

  /// A string; empty if it is none.
  public String text() {
    return value instanceof String text ? text : "";
  }

  /// True if it is a string.
  public boolean isText() {
    return value instanceof String;
  }

  /// A whole number, also where it is written as a string, as JSON has numbers that are too long;
  /// `otherwise` if it is none.
  public long number(long otherwise) {
    String digits =
        switch (value) {
          case Numeral(String text) -> text;
          case String text -> text;
          case null, default -> "";
        };
    try {
      return digits.isEmpty() ? otherwise : Long.parseLong(digits);
    } catch (NumberFormatException _) {
      return otherwise;
    }
  }

  /// A truth value; `otherwise` if it is none.
  public boolean truth(boolean otherwise) {
    return value instanceof Boolean truth ? truth : otherwise;
  }
}

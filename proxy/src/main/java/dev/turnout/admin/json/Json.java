package dev.turnout.admin.json;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
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
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/// JSON as bodies have it. Strings inside the program are bytes, one char each; JSON is UTF-8.
public final class Json {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // Names are data here: no table of them.
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private Json() {}

  /// A text is no JSON.
  public static final class Malformed extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String place;

    Malformed(String message, String place) {
      super(message, null, false, false);
      this.place = place;
    }

    /// The line and the column; empty if it is not known.
    public String place() {
      return place;
    }
  }

  /// A value of a document.
  public sealed interface Value {
    /// What it is, in words for whoever wrote it.
    String kind();
  }

  /// A string; its chars are bytes.
  public record Text(String bytes) implements Value {
    @Override
    public String kind() {
      return "a string";
    }
  }

  /// A number, as it was written.
  public record Numeral(String text) implements Value {
    @Override
    public String kind() {
      return "a number";
    }
  }

  /// `true` or `false`.
  public record Truth(boolean value) implements Value {
    @Override
    public String kind() {
      return value ? "true" : "false";
    }
  }

  /// `null`.
  public record Null() implements Value {
    @Override
    public String kind() {
      return "null";
    }
  }

  /// An object.
  public record Members(Map<String, Value> byName) implements Value {
    @Override
    public String kind() {
      return "an object";
    }
  }

  /// A list.
  public record Elements(List<Value> values) implements Value {
    @Override
    public String kind() {
      return "a list";
    }
  }

  /// The document in the bytes of a body.
  ///
  /// @throws Malformed that says where it is not JSON
  public static Value parse(String bytes) {
    try (JsonParser in = FACTORY.createParser(ObjectReadContext.empty(), decoded(bytes))) {
      Value value = value(in, in.nextToken());
      if (in.nextToken() != null) {
        throw malformed("there is something behind the end of the document", in);
      }
      return value;
    } catch (JacksonException e) {
      throw new Malformed(String.valueOf(e.getOriginalMessage()), place(e.getLocation()));
    } catch (CharacterCodingException _) {
      throw new Malformed("it is not UTF-8", "");
    }
  }

  private static Malformed malformed(String message, JsonParser in) {
    return new Malformed(message, place(in.currentTokenLocation()));
  }

  private static String place(tools.jackson.core.@Nullable TokenStreamLocation location) {
    return location == null
        ? ""
        : "line " + location.getLineNr() + ", column " + location.getColumnNr();
  }

  private static Value value(JsonParser in, @Nullable JsonToken token) {
    return switch (token) {
      case START_OBJECT -> {
        Map<String, Value> members = new LinkedHashMap<>();
        while (in.nextToken() != JsonToken.END_OBJECT) {
          String name = bytes(in.currentName());
          members.put(name, value(in, in.nextToken()));
        }
        yield new Members(members);
      }
      case START_ARRAY -> {
        List<Value> elements = new ArrayList<>();
        for (JsonToken next = in.nextToken(); next != JsonToken.END_ARRAY; next = in.nextToken()) {
          elements.add(value(in, next));
        }
        yield new Elements(elements);
      }
      case VALUE_STRING -> new Text(bytes(in.getString()));
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Numeral(in.getString());
      case VALUE_TRUE -> new Truth(true);
      case VALUE_FALSE -> new Truth(false);
      case VALUE_NULL -> new Null();
      case null, default -> throw malformed("the document ends too early", in);
    };
  }

  private static String decoded(String bytes) throws CharacterCodingException {
    return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.getBytes(ISO_8859_1))).toString();
  }

  private static String bytes(String text) {
    return new String(text.getBytes(UTF_8), ISO_8859_1);
  }

  /// Bytes of the program as a text of a document: as UTF-8 where they are that.
  public static String text(String bytes) {
    for (int i = 0; i < bytes.length(); i++) {
      if (bytes.charAt(i) >= 0x80) {
        try {
          return decoded(bytes);
        } catch (CharacterCodingException _) {
          return bytes;
        }
      }
    }
    return bytes;
  }

  /// What writes JSON to `to`.
  public static JsonGenerator generator(Writer to) {
    return FACTORY.createGenerator(ObjectWriteContext.empty(), to);
  }

  /// Writes a text, a whole number, a truth value, an object of these, or null.
  public static void write(JsonGenerator out, String name, @Nullable Object value) {
    switch (value) {
      case null -> out.writeNullProperty(name);
      case String text -> out.writeStringProperty(name, text(text));
      case Integer number -> out.writeNumberProperty(name, number);
      case Long number -> out.writeNumberProperty(name, number);
      case Boolean truth -> out.writeBooleanProperty(name, truth);
      case Map<?, ?> members -> {
        out.writeObjectPropertyStart(name);
        members.forEach((member, inner) -> write(out, String.valueOf(member), inner));
        out.writeEndObject();
      }
      default -> throw new IllegalArgumentException(name + " is a " + value.getClass());
    }
  }
}

package dev.turnout.admin.plus;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/// JSON as bodies have it. Strings inside the program are bytes, one char each; JSON is UTF-8.
final class Json {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // Names are data here: no table of them.
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // An answer that breaks off must not look complete.
          .disable(StreamWriteFeature.AUTO_CLOSE_CONTENT)
          .build();

  private Json() {}

  /// A value of a body.
  sealed interface Value {}

  /// A string, number, `true` or `false`.
  ///
  /// @param token which of them it is
  /// @param text its bytes; a number as it was written
  record Scalar(JsonToken token, String text) implements Value {}

  record Null() implements Value {}

  record Members(Map<String, Value> byName) implements Value {}

  record Elements() implements Value {}

  /// The JSON that a body holds.
  ///
  /// @throws Refusal if it holds none, or something else beside it
  static Value parse(String body) {
    try (JsonParser in = FACTORY.createParser(ObjectReadContext.empty(), text(body))) {
      Value value = value(in, in.nextToken());
      if (in.nextToken() != null) {
        throw Refusal.json();
      }
      return value;
    } catch (JacksonException | CharacterCodingException _) {
      throw Refusal.json();
    }
  }

  private static Value value(JsonParser in, @Nullable JsonToken token)
      throws CharacterCodingException {
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
        in.skipChildren();
        yield new Elements();
      }
      case VALUE_STRING, VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_TRUE, VALUE_FALSE ->
          new Scalar(token, bytes(in.getString()));
      case VALUE_NULL -> new Null();
      case null, default -> throw Refusal.json();
    };
  }

  private static String text(String bytes) throws CharacterCodingException {
    return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.getBytes(ISO_8859_1))).toString();
  }

  /// The bytes of a text, one char each; half a surrogate pair has none.
  private static String bytes(String text) throws CharacterCodingException {
    return ISO_8859_1.decode(UTF_8.newEncoder().encode(CharBuffer.wrap(text))).toString();
  }

  /// What writes JSON to `to`, whose chars are bytes.
  static JsonGenerator generator(Writer to) {
    return FACTORY.createGenerator(ObjectWriteContext.empty(), to);
  }
}

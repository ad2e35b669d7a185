package dev.turnout.json;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;

/// One document while it is read.
final class JsonReading {
  private static final Json TRUE = new Json.Truth(true);
  private static final Json FALSE = new Json.Truth(false);

  private final JsonParser in;
  private final boolean toBytes;
  private int depth;

  private JsonReading(JsonParser in, boolean toBytes) {
    this.in = in;
    this.toBytes = toBytes;
  }

  /// @param toBytes strings become their UTF-8, one char a byte
  static Json read(String text, boolean toBytes) throws Json.Malformed {
    try (JsonParser in = Library.PLAIN.createParser(ObjectReadContext.empty(), text)) {
      JsonReading reading = new JsonReading(in, toBytes);
      Json document = reading.value(in.nextToken());
      if (in.nextToken() != null) {
        throw reading.malformed("something follows the end of the document");
      }
      return document;
    } catch (JacksonException e) {
      throw new Json.Malformed(why(e), place(e.getLocation()));
    }
  }

  private static String why(JacksonException e) {
    return switch (e) {
      case UnexpectedEndOfInputException _ -> "the document ends too early";
      case StreamConstraintsException _ ->
          "a number is longer than " + Json.LONGEST_NUMBER + " digits";
      default -> String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("");
    };
  }

  private Json.Malformed malformed(String why) {
    return new Json.Malformed(why, place(in.currentTokenLocation()));
  }

  private static String place(@Nullable TokenStreamLocation location) {
    return location == null
        ? ""
        : "line " + location.getLineNr() + ", column " + location.getColumnNr();
  }

  private Json value(@Nullable JsonToken token) throws Json.Malformed {
    if (token == null) {
      throw malformed("the document ends too early");
    }
    return switch (token) {
      case START_OBJECT -> members();
      case START_ARRAY -> elements();
      case VALUE_STRING -> new Json.Text(string(in.getString()));
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Json.Numeral(in.getString());
      case VALUE_TRUE -> TRUE;
      case VALUE_FALSE -> FALSE;
      case VALUE_NULL -> Json.none();
      default -> throw malformed("a value should be here");
    };
  }

  private Json members() throws Json.Malformed {
    descend();
    Map<String, Json> members = new LinkedHashMap<>();
    while (in.nextToken() != JsonToken.END_OBJECT) {
      String name = string(in.currentName());
      if (members.containsKey(name)) {
        throw malformed("the name \"" + name + "\" is there twice");
      }
      members.put(name, value(in.nextToken()));
    }
    depth--;
    return new Json.Members(members);
  }

  private Json elements() throws Json.Malformed {
    descend();
    List<Json> elements = new ArrayList<>();
    for (JsonToken next = in.nextToken(); next != JsonToken.END_ARRAY; next = in.nextToken()) {
      elements.add(value(next));
    }
    depth--;
    return new Json.Elements(elements);
  }

  private void descend() throws Json.Malformed {
    if (++depth > Json.DEEPEST) {
      throw malformed("values lie in one another more than " + Json.DEEPEST + " deep");
    }
  }

  private String string(String text) throws Json.Malformed {
    if (!toBytes || isAscii(text)) {
      return text;
    }
    try {
      return ISO_8859_1.decode(UTF_8.newEncoder().encode(CharBuffer.wrap(text))).toString();
    } catch (CharacterCodingException _) {
      throw malformed("a string has half a surrogate pair, which is no character");
    }
  }

  static String decoded(byte[] utf8) throws Json.Malformed {
    boolean marked =
        utf8.length >= 3
            && utf8[0] == (byte) 0xef
            && utf8[1] == (byte) 0xbb
            && utf8[2] == (byte) 0xbf;
    int from = marked ? 3 : 0;
    return decoded(ByteBuffer.wrap(utf8, from, utf8.length - from));
  }

  static String decoded(String bytes) throws Json.Malformed {
    return isAscii(bytes) ? bytes : decoded(ByteBuffer.wrap(bytes.getBytes(ISO_8859_1)));
  }

  private static String decoded(ByteBuffer utf8) throws Json.Malformed {
    try {
      return UTF_8.newDecoder().decode(utf8).toString();
    } catch (CharacterCodingException _) {
      throw new Json.Malformed("it is not UTF-8", "");
    }
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }
}

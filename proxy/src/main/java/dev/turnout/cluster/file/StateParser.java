package dev.turnout.cluster.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.turnout.cluster.KeyvalSnapshot;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/// Reads the bytes of a state file, and judges them.
final class StateParser {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          // Keys are data here, not names that repeat: no table of them, and no limit on it.
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  /// It is JSON, but not the JSON of a state.
  private static final class Misshapen extends RuntimeException {
    private static final long serialVersionUID = 1;

    Misshapen(String message) {
      super(message);
    }
  }

  /// The fields of a file's one object, whosever format it is.
  private static final class Document {
    final Map<String, String> texts = new HashMap<>();
    @Nullable Map<String, String> entries;
    final Map<String, Long> deadlines = new HashMap<>();
    long revision = -1;
  }

  private StateParser() {}

  static StateReading parse(byte[] file) {
    if (file.length == 0) {
      return new StateReading.Damaged("it is empty");
    }
    try {
      // One char a byte: an entry is whatever bytes it is, UTF-8 or not.
      Document document = read(new String(file, ISO_8859_1));
      boolean ours =
          document.entries != null
              || document.revision >= 0
              || document.texts.getOrDefault("format", "").startsWith(StateFormat.FAMILY);
      return ours ? judge(document) : foreign(file);
    } catch (JacksonException e) {
      return new StateReading.Damaged(
          "line %d, column %d: %s"
              .formatted(
                  e.getLocation().getLineNr(),
                  e.getLocation().getColumnNr(),
                  firstLine(e.getOriginalMessage())));
    } catch (Misshapen e) {
      return new StateReading.Damaged(String.valueOf(e.getMessage()));
    }
  }

  private static String firstLine(String text) {
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end);
  }

  private static Document read(String json) {
    Document document = new Document();
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new Misshapen("it is not a JSON object");
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        readField(parser, document);
      }
      if (parser.nextToken() != null) {
        throw new Misshapen("something follows the JSON object");
      }
    }
    return document;
  }

  private static void readField(JsonParser parser, Document document) {
    String name = parser.currentName();
    JsonToken value = parser.nextToken();
    if (value == JsonToken.VALUE_STRING) {
      putOnce(document.texts, name, parser.getString());
    } else if (value == JsonToken.START_OBJECT
        && name.equals("entries")
        && document.entries == null) {
      document.entries = readEntries(parser, document.deadlines);
    } else if (value == JsonToken.VALUE_NUMBER_INT
        && name.equals("revision")
        && document.revision < 0) {
      document.revision = parser.getLongValue();
    } else {
      throw new Misshapen("the value of \"" + name + "\" is not a string");
    }
  }

  private static Map<String, String> readEntries(JsonParser parser, Map<String, Long> deadlines) {
    Map<String, String> entries = new HashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      if (value == JsonToken.START_OBJECT) {
        deadlines.put(key, readEnding(parser, key, entries));
      } else if (value == JsonToken.VALUE_STRING) {
        putOnce(entries, key, parser.getString());
      } else {
        throw new Misshapen("the value of \"" + key + "\" is not a string");
      }
    }
    return entries;
  }

  /// Reads the value and the deadline of an entry that ends.
  private static long readEnding(JsonParser parser, String key, Map<String, String> entries) {
    Map<String, String> fields = new HashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw new Misshapen("\"" + name + "\" of \"" + key + "\" is not a string");
      }
      putOnce(fields, name, parser.getString());
    }
    String value = fields.remove("value");
    String expires = fields.remove("expires");
    if (value == null || expires == null || !fields.isEmpty()) {
      throw new Misshapen("\"" + key + "\" has not just a value and when it expires");
    }
    putOnce(entries, key, value);
    try {
      return Instant.parse(expires).toEpochMilli();
    } catch (DateTimeParseException _) {
      throw new Misshapen("\"" + key + "\" expires at no time");
    }
  }

  private static void putOnce(Map<String, String> map, String key, String value) {
    if (map.put(key, value) != null) {
      throw new Misshapen("\"" + key + "\" is there twice");
    }
  }

  private static StateReading judge(Document document) {
    Map<String, String> header = document.texts;
    Map<String, String> entries = document.entries;
    String format = header.remove("format");
    String zone = header.remove("zone");
    String checksum = header.remove("checksum");
    if (entries != null
        && zone != null
        && checksum != null
        && document.revision >= 0
        && header.isEmpty()) {
      KeyvalSnapshot content = KeyvalSnapshot.of(document.revision, entries, document.deadlines);
      // It covers the format's name too, so that a damaged name does not pass for a later format.
      for (String known : List.of(StateFormat.FORMAT, StateFormat.FORMAT_WITH_DEADLINES)) {
        if (checksum.equals(StateFormat.checksum(known, zone, content))) {
          return known.equals(format)
              ? new StateReading.Good(zone, content, false)
              : new StateReading.Damaged("its format reads \"" + format + "\"");
        }
      }
    }
    if (format != null
        && format.startsWith(StateFormat.FAMILY)
        && !format.equals(StateFormat.FORMAT)
        && !format.equals(StateFormat.FORMAT_WITH_DEADLINES)) {
      return new StateReading.Unsupported(format);
    }
    return new StateReading.Damaged(
        checksum == null ? "it has no checksum" : "its checksum is not that of its content");
  }

  /// The state file of NGINX Plus: one object, and what it holds is UTF-8.
  private static StateReading foreign(byte[] file) {
    try {
      Document document = read(UTF_8.newDecoder().decode(ByteBuffer.wrap(file)).toString());
      Map<String, String> entries = new HashMap<>();
      for (Entry<String, String> entry : document.texts.entrySet()) {
        entries.put(bytes(entry.getKey()), bytes(entry.getValue()));
      }
      return new StateReading.Good("", KeyvalSnapshot.of(0, entries), true);
    } catch (CharacterCodingException _) {
      return new StateReading.Damaged("it is not UTF-8");
    }
  }

  /// The bytes of a text, one char each.
  private static String bytes(String text) throws CharacterCodingException {
    return ISO_8859_1.decode(UTF_8.newEncoder().encode(CharBuffer.wrap(text))).toString();
  }
}

package dev.turnout.cluster.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.json.Json;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads the bytes of a state file, and judges them.
final class StateParser {
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
      Document document = read(Json.parse(new String(file, ISO_8859_1)));
      boolean ours =
          document.entries != null
              || document.revision >= 0
              || document.texts.getOrDefault("format", "").startsWith(StateFormat.FAMILY);
      return ours ? judge(document) : foreign(file);
    } catch (Json.Malformed e) {
      return new StateReading.Damaged(e.place().isEmpty() ? e.why() : e.place() + ": " + e.why());
    } catch (Misshapen e) {
      return new StateReading.Damaged(String.valueOf(e.getMessage()));
    }
  }

  private static Document read(Json json) {
    if (!(json instanceof Json.Members(Map<String, Json> fields))) {
      throw new Misshapen("it is not a JSON object");
    }
    Document document = new Document();
    fields.forEach((name, value) -> readField(name, value, document));
    return document;
  }

  private static void readField(String name, Json value, Document document) {
    if (value instanceof Json.Text(String text)) {
      document.texts.put(name, text);
    } else if (name.equals("entries") && value instanceof Json.Members(Map<String, Json> entries)) {
      document.entries = readEntries(entries, document.deadlines);
    } else if (name.equals("revision") && value instanceof Json.Numeral && value.number(-1) >= 0) {
      document.revision = value.number(-1);
    } else {
      throw new Misshapen("the value of \"" + name + "\" is not a string");
    }
  }

  private static Map<String, String> readEntries(
      Map<String, Json> from, Map<String, Long> deadlines) {
    Map<String, String> entries = HashMap.newHashMap(from.size());
    from.forEach((key, value) -> {
      switch (value) {
        case Json.Text(String text) -> entries.put(key, text);
        case Json.Members(Map<String, Json> ending) ->
            deadlines.put(key, readEnding(key, ending, entries));
        case Json.Numeral _, Json.Truth _, Json.Null _, Json.Elements _ ->
            throw new Misshapen("the value of \"" + key + "\" is not a string");
      }
    });
    return entries;
  }

  /// Reads the value and the deadline of an entry that ends.
  private static long readEnding(
      String key, Map<String, Json> fields, Map<String, String> entries) {
    fields.forEach((name, value) -> {
      if (!value.isText()) {
        throw new Misshapen("\"" + name + "\" of \"" + key + "\" is not a string");
      }
    });
    Json value = fields.get("value");
    Json expires = fields.get("expires");
    if (value == null || expires == null || fields.size() != 2) {
      throw new Misshapen("\"" + key + "\" has not just a value and when it expires");
    }
    entries.put(key, value.text());
    try {
      return Instant.parse(expires.text()).toEpochMilli();
    } catch (DateTimeParseException _) {
      throw new Misshapen("\"" + key + "\" expires at no time");
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
  private static StateReading foreign(byte[] file) throws Json.Malformed {
    Document document = read(Json.parseBytes(new String(file, ISO_8859_1)));
    return new StateReading.Good("", KeyvalSnapshot.of(0, document.texts), true);
  }
}

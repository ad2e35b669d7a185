package dev.turnout.cluster.share;

import dev.turnout.cluster.Origin;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/// What a node tells of itself in the store, with every transaction that it makes: so the others
/// know who has changed what. No two notes of a node are alike.
///
/// @param session by chance, of one process
/// @param number of the transaction in the session
/// @param incarnation of the store ([Lineage])
/// @param since the keys that the node has changed in this incarnation, if that is not the first
/// @param tooMany true if they were too many to be all in `since`
/// @param changes the last ones that somebody asked this node for, newest last
public record Note(
    String session,
    long number,
    long incarnation,
    List<String> since,
    boolean tooMany,
    List<Change> changes) {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /// A change, and where it came from.
  public record Change(List<String> keys, Origin origin) {
    public Change {
      keys = List.copyOf(keys);
    }
  }

  public Note {
    since = List.copyOf(since);
    changes = List.copyOf(changes);
  }

  /// As it is stored.
  public String text() {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      json.writeStringProperty("session", session);
      json.writeNumberProperty("number", number);
      json.writeNumberProperty("incarnation", incarnation);
      if (!since.isEmpty()) {
        write(json, "since", since);
      }
      if (tooMany) {
        json.writeBooleanProperty("too_many", true);
      }
      json.writeArrayPropertyStart("changes");
      for (Change change : changes) {
        json.writeStartObject();
        write(json, "keys", change.keys);
        json.writeStringProperty("dialect", change.origin.dialect());
        writeIfAny(json, "who", change.origin.who());
        writeIfAny(json, "why", change.origin.why());
        writeIfAny(json, "from", change.origin.from());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, String name, List<String> texts) {
    json.writeArrayPropertyStart(name);
    texts.forEach(json::writeString);
    json.writeEndArray();
  }

  private static void writeIfAny(JsonGenerator json, String name, String value) {
    if (!value.isEmpty()) {
      json.writeStringProperty(name, value);
    }
  }

  /// What is stored; null if it is not one: then nothing is known of what the node did.
  public static @Nullable Note parse(String text) {
    try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), text)) {
      return new Parsing(json).note();
    } catch (JacksonException | IllegalArgumentException _) {
      return null;
    }
  }

  /// One note while it is read.
  private static final class Parsing {
    private final JsonParser json;

    Parsing(JsonParser json) {
      this.json = json;
    }

    Note note() {
      String session = "";
      long number = 0;
      long incarnation = 0;
      List<String> since = List.of();
      boolean tooMany = false;
      List<Change> changes = List.of();
      expect(json.nextToken(), JsonToken.START_OBJECT);
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        switch (name) {
          case "session" -> session = text(value);
          case "number" -> number = number(value);
          case "incarnation" -> incarnation = number(value);
          case "since" -> since = texts(value);
          case "too_many" -> tooMany = value == JsonToken.VALUE_TRUE;
          case "changes" -> changes = changes(value);
          default -> json.skipChildren(); // of a newer version
        }
      }
      return new Note(session, number, incarnation, since, tooMany, changes);
    }

    private static void expect(@Nullable JsonToken token, JsonToken wanted) {
      if (token != wanted) {
        throw new IllegalArgumentException("not a note");
      }
    }

    private String text(JsonToken value) {
      expect(value, JsonToken.VALUE_STRING);
      return json.getString();
    }

    private long number(JsonToken value) {
      expect(value, JsonToken.VALUE_NUMBER_INT);
      return json.getLongValue();
    }

    private List<String> texts(JsonToken value) {
      expect(value, JsonToken.START_ARRAY);
      List<String> texts = new ArrayList<>();
      while (json.nextToken() != JsonToken.END_ARRAY) {
        texts.add(text(json.currentToken()));
      }
      return texts;
    }

    private List<Change> changes(JsonToken value) {
      expect(value, JsonToken.START_ARRAY);
      List<Change> changes = new ArrayList<>();
      while (json.nextToken() != JsonToken.END_ARRAY) {
        changes.add(change());
      }
      return changes;
    }

    private Change change() {
      List<String> keys = List.of();
      String dialect = "store";
      String who = "";
      String why = "";
      String from = "";
      expect(json.currentToken(), JsonToken.START_OBJECT);
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        switch (name) {
          case "keys" -> keys = texts(value);
          case "dialect" -> dialect = text(value);
          case "who" -> who = text(value);
          case "why" -> why = text(value);
          case "from" -> from = text(value);
          default -> json.skipChildren();
        }
      }
      return new Change(keys, new Origin(dialect, who, why, from));
    }
  }
}

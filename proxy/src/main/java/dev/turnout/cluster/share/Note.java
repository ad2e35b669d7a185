package dev.turnout.cluster.share;

import dev.turnout.cluster.Origin;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
/// @param asked what somebody asked the node to change, of late
/// @param brought the keys that the node has brought back in this incarnation
/// @param changes the last ones that somebody asked this node for, newest last
public record Note(
    String session,
    long number,
    long incarnation,
    Asked asked,
    Keys brought,
    List<Change> changes) {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /// A change, and where it came from.
  public record Change(List<String> keys, Origin origin) {
    public Change {
      keys = List.copyOf(keys);
    }
  }

  /// Some keys, as far as there is room to tell them.
  ///
  /// @param tooMany true if there are others, too
  public record Keys(List<String> keys, boolean tooMany) {
    static final Keys NONE = new Keys(List.of(), false);
    private static final int MOST = 1000;

    public Keys {
      keys = List.copyOf(keys);
    }

    /// True if the key is one of them, or may be.
    boolean mayHave(String key) {
      return tooMany || keys.contains(key);
    }

    Keys with(Collection<String> more) {
      Set<String> all = new LinkedHashSet<>(keys);
      all.addAll(more);
      return tooMany || all.size() > MOST
          ? new Keys(List.of(), true)
          : new Keys(List.copyOf(all), false);
    }
  }

  public Note {
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
      write(json, asked);
      write(json, "brought", brought);
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

  private static void write(JsonGenerator json, Asked asked) {
    if (!asked.sessions().isEmpty()) {
      json.writeArrayPropertyStart("asked");
      for (Asked.Session session : asked.sessions()) {
        json.writeStartObject();
        json.writeStringProperty("session", session.id());
        json.writeNumberProperty("dropped", session.dropped());
        json.writeObjectPropertyStart("keys");
        session.keys().forEach(json::writeNumberProperty);
        json.writeEndObject();
        json.writeEndObject();
      }
      json.writeEndArray();
    }
  }

  private static void write(JsonGenerator json, String name, Keys keys) {
    if (keys.tooMany) {
      json.writeBooleanProperty(name, true);
    } else if (!keys.keys.isEmpty()) {
      write(json, name, keys.keys);
    }
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
      Asked asked = Asked.NOTHING;
      Keys brought = Keys.NONE;
      List<Change> changes = List.of();
      expect(json.nextToken(), JsonToken.START_OBJECT);
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        switch (name) {
          case "session" -> session = text(value);
          case "number" -> number = number(value);
          case "incarnation" -> incarnation = number(value);
          case "asked" -> asked = asked(value);
          case "brought" -> brought = keys(value);
          case "changes" -> changes = changes(value);
          default -> json.skipChildren(); // of a newer version
        }
      }
      return new Note(session, number, incarnation, asked, brought, changes);
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

    private Asked asked(JsonToken value) {
      List<Asked.Session> sessions = new ArrayList<>();
      expect(value, JsonToken.START_ARRAY);
      while (json.nextToken() != JsonToken.END_ARRAY) {
        sessions.add(session());
      }
      return new Asked(sessions);
    }

    private Asked.Session session() {
      String id = "";
      long dropped = 0;
      Map<String, Long> keys = new LinkedHashMap<>();
      expect(json.currentToken(), JsonToken.START_OBJECT);
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        switch (name) {
          case "session" -> id = text(value);
          case "dropped" -> dropped = number(value);
          case "keys" -> {
            expect(value, JsonToken.START_OBJECT);
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
              String key = json.currentName();
              keys.put(key, number(json.nextToken()));
            }
          }
          default -> json.skipChildren(); // of a newer version
        }
      }
      return new Asked.Session(id, dropped, keys);
    }

    private Keys keys(JsonToken value) {
      return value == JsonToken.VALUE_TRUE
          ? new Keys(List.of(), true)
          : new Keys(texts(value), false);
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

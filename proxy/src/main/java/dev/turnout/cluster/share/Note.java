package dev.turnout.cluster.share;

import dev.turnout.cluster.Origin;
import dev.turnout.json.Json;
import dev.turnout.json.JsonText;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

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
    return JsonText.asciiObject(json -> {
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
    });
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

  /// What is stored; null if it is not one: then nothing is known of what the node did. Members
  /// that are not known are of a newer version.
  public static @Nullable Note parse(String text) {
    try {
      Json note = Json.parse(text);
      List<Asked.Session> sessions = new ArrayList<>();
      note.elementsOf("asked").forEach(one -> sessions.add(session(one)));
      List<Change> changes = new ArrayList<>();
      note.elementsOf("changes").forEach(one -> changes.add(change(one)));
      return new Note(
          note.textOr("session", ""),
          note.numberOr("number", 0),
          note.numberOr("incarnation", 0),
          new Asked(sessions),
          keys(note.get("brought")),
          changes);
    } catch (Json.Malformed | IllegalArgumentException _) {
      return null;
    }
  }

  private static Asked.Session session(Json session) {
    Map<String, Long> keys = new LinkedHashMap<>();
    if (session.get("keys").isThere()) {
      session.get("keys").asMembers().forEach((key, number) -> keys.put(key, number.asNumber()));
    }
    return new Asked.Session(session.textOr("session", ""), session.numberOr("dropped", 0), keys);
  }

  private static Change change(Json change) {
    return new Change(
        texts(change.elementsOf("keys")),
        new Origin(
            change.textOr("dialect", "store"),
            change.textOr("who", ""),
            change.textOr("why", ""),
            change.textOr("from", "")));
  }

  private static Keys keys(Json keys) {
    if (!keys.isThere()) {
      return Keys.NONE;
    }
    return keys.truth(false)
        ? new Keys(List.of(), true)
        : new Keys(texts(keys.asElements()), false);
  }

  private static List<String> texts(List<Json> values) {
    return values.stream().map(Json::asText).toList();
  }
}

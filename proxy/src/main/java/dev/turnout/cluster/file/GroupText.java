package dev.turnout.cluster.file;

import dev.turnout.upstream.UpstreamSpec;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;

/// A group of servers as the text that nodes share: the object that the journal has for it, with
/// its name.
///
/// @param name as it was written
/// @param spec what is wanted; null: the group is deleted, wherever a configuration has it
public record GroupText(String name, @Nullable UpstreamSpec spec) {
  private static final Set<String> MEMBERS =
      Set.of(
          "name",
          "deleted",
          "method",
          "keepalive",
          "zone",
          "sticky",
          "queue",
          "panic_threshold",
          "max_ejected",
          "check",
          "next",
          "servers");
  private static final Set<String> SERVER_MEMBERS =
      Set.of(
          "id",
          "server",
          "address",
          "weight",
          "max_conns",
          "max_fails",
          "fail_timeout_ms",
          "slow_start_ms",
          "backup",
          "down",
          "drain",
          "route",
          "canary");

  /// As it is stored.
  public String text() {
    StringWriter text = new StringWriter();
    try (JsonGenerator json =
        JournalFormat.JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      json.writeStringProperty("name", name);
      UpstreamSpec there = spec;
      if (there == null) {
        json.writeBooleanProperty("deleted", true);
      } else {
        JournalFormat.writeMembers(json, there);
      }
      json.writeEndObject();
    }
    return text.toString();
  }

  /// Reads what is stored, as strictly as what an operator asks for.
  ///
  /// @throws IllegalArgumentException if it is not a group; the message says why
  public static GroupText parse(String text) {
    Map<String, Object> object;
    try {
      object = JournalFormat.object(text);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("it is no JSON: " + e.getOriginalMessage(), e);
    }
    refuseOthers(object, MEMBERS);
    if (!(object.get("name") instanceof String name) || name.isEmpty()) {
      throw new IllegalArgumentException("it has no name");
    }
    if (Boolean.TRUE.equals(object.get("deleted"))) {
      return new GroupText(name, null);
    }
    if (object.get("servers") instanceof List<?> servers) {
      for (Object server : servers) {
        if (server instanceof Map<?, ?> members) {
          refuseOthers(members, SERVER_MEMBERS);
        }
      }
    }
    return new GroupText(name, JournalFormat.spec(name, object));
  }

  private static void refuseOthers(Map<?, ?> object, Set<String> known) {
    for (Object name : object.keySet()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException("nothing is known of a member \"" + name + "\"");
      }
    }
  }
}

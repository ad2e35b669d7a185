package dev.turnout.cluster.file;

import dev.turnout.json.Json;
import dev.turnout.json.JsonText;
import dev.turnout.upstream.UpstreamSpec;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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
    return JsonText.asciiObject(json -> {
      json.writeStringProperty("name", name);
      UpstreamSpec there = spec;
      if (there == null) {
        json.writeBooleanProperty("deleted", true);
      } else {
        JournalFormat.writeMembers(json, there);
      }
    });
  }

  /// Reads what is stored, as strictly as what an operator asks for.
  ///
  /// @throws IllegalArgumentException if it is not a group; the message says why
  public static GroupText parse(String text) {
    Json group;
    try {
      group = Json.parse(text);
    } catch (Json.Malformed e) {
      throw new IllegalArgumentException("it is " + e.getMessage(), e);
    }
    refuseOthers(group.asMembers(), MEMBERS);
    String name = group.get("name").text();
    if (name.isEmpty()) {
      throw new IllegalArgumentException("it has no name");
    }
    if (group.get("deleted").truth(false)) {
      return new GroupText(name, null);
    }
    group.get("servers").elements().forEach(one -> refuseOthers(one.members(), SERVER_MEMBERS));
    return new GroupText(name, JournalFormat.spec(name, group));
  }

  private static void refuseOthers(Map<String, Json> object, Set<String> known) {
    for (String name : object.keySet()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException("nothing is known of a member \"" + name + "\"");
      }
    }
  }
}

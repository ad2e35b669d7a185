package dev.turnout.admin.control;

import dev.turnout.admin.gate.Ask;
import dev.turnout.admin.gate.Decision;
import dev.turnout.admin.gate.Permit;
import dev.turnout.cluster.Origin;
import dev.turnout.config.NearestNames;
import dev.turnout.config.Units;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.IdempotencyKey;
import dev.turnout.control.Operation;
import dev.turnout.http.UriEscape;
import dev.turnout.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One request to the API: all that it asks, and nothing that belongs to its exchange's loop.
///
/// @param base the path of the API itself, without a slash at its end
/// @param parameters what the path has in the places of the template's names
/// @param query the arguments, by name
/// @param ifMatch the field `If-Match`, or null
/// @param key the field `Idempotency-Key`, or null
/// @param client who asks, as far as the connection tells
/// @param permit what the client may change; null: nothing
/// @param body its bytes, one char each
record Call(
    String method,
    String path,
    String base,
    Map<String, String> parameters,
    Map<String, String> query,
    @Nullable String ifMatch,
    @Nullable String key,
    String client,
    @Nullable Permit permit,
    String body) {
  private static final int LONGEST_WHO = 200;
  private static final int LONGEST_WHY = 2000;
  private static final int LONGEST_KEY = 200;

  Call {
    parameters = Map.copyOf(parameters);
    query = Map.copyOf(query);
  }

  /// The arguments of a query string.
  ///
  /// @param known those that the route has
  static Map<String, String> query(@Nullable String args, Set<String> known) {
    Map<String, String> query = new LinkedHashMap<>();
    if (args == null || args.isEmpty()) {
      return query;
    }
    for (String part : args.split("&", -1)) {
      if (part.isEmpty()) {
        continue;
      }
      int equals = part.indexOf('=');
      String name = equals < 0 ? part : part.substring(0, equals);
      String value =
          equals < 0 ? "" : UriEscape.unescape(part.substring(equals + 1).replace('+', ' '));
      if (!known.contains(name)) {
        List<String> near = NearestNames.of(name, known);
        throw Problem.of(400, "unknown_argument", "there is no argument \"" + name + "\" here")
            .at("query:" + name)
            .hint(
                !near.isEmpty()
                    ? "did you mean " + String.join(" or ", near) + "?"
                    : known.isEmpty() ? "none is known here" : "known here: " + known);
      }
      if (query.put(name, value) != null) {
        throw Problem.of(400, "invalid_argument", "\"" + name + "\" is given twice")
            .at("query:" + name);
      }
    }
    return query;
  }

  Call withBody(String bytes) {
    return new Call(method, path, base, parameters, query, ifMatch, key, client, permit, bytes);
  }

  String parameter(String name) {
    String value = parameters.get(name);
    if (value == null) {
      throw new IllegalStateException("the route has no " + name);
    }
    return value;
  }

  /// The number of a server or revision in the path.
  long number(String name) {
    String text = parameter(name);
    try {
      if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
        return Long.parseLong(text);
      }
    } catch (NumberFormatException _) {
      // too large
    }
    throw Problem.of(404, "not_found", "\"" + text + "\" is not a number").at("path");
  }

  boolean flag(String name) {
    String value = query.get(name);
    return switch (value) {
      case null -> false;
      case "", "1", "true" -> true;
      case "0", "false" -> false;
      default ->
          throw Problem.of(400, "invalid_argument", "\"" + name + "\" is \"" + value + "\"")
              .at("query:" + name)
              .hint("1 or 0");
    };
  }

  long number(String name, long otherwise, long least, long most) {
    String text = query.get(name);
    if (text == null) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException _) {
      // not a number at all
    }
    throw Problem.of(400, "invalid_argument", "\"" + name + "\" is \"" + text + "\"")
        .at("query:" + name)
        .hint("a whole number from " + least + " to " + most);
  }

  /// A time to wait, in milliseconds; null: the argument is not there.
  @Nullable Long wait(String name, long most) {
    String text = query.get(name);
    if (text == null) {
      return null;
    }
    OptionalLong millis = Units.milliseconds(text);
    if (millis.isEmpty() || millis.getAsLong() > most) {
      throw Problem.of(400, "invalid_argument", "\"" + name + "\" is \"" + text + "\"")
          .at("query:" + name)
          .hint("a time up to " + most / 1000 + "s, such as 30s or 500ms");
    }
    return millis.getAsLong();
  }

  /// The body, which must be there.
  Members members() {
    if (body.isEmpty()) {
      throw Problem.of(400, "missing_body", "a JSON object is wanted in the body");
    }
    return members(body);
  }

  /// The body, or an empty object if there is none.
  Members membersIfAny() {
    return members(body.isEmpty() ? "{}" : body);
  }

  private static Members members(String body) {
    try {
      return Members.of(Json.parseBytes(body), "");
    } catch (Json.Malformed e) {
      throw Problem.of(400, "malformed_json", e.why())
          .at(e.place())
          .hint("the body is one JSON object in UTF-8");
    }
  }

  /// A change under this call's conditions.
  ChangeRequest change(List<Operation> operations, String who, String why) {
    Origin origin = origin(who, why);
    if (permit != null
        && permit.may(Ask.of(operations)) instanceof Decision.Refused(int status, String text)) {
      throw Problem.of(status, "forbidden", text);
    }
    return new ChangeRequest(
        operations, origin, ifRevision(), flag("dry_run"), flag("force"), changeKey());
  }

  /// The same, who and why being in the arguments.
  ChangeRequest change(List<Operation> operations) {
    return change(operations, query.getOrDefault("who", ""), query.getOrDefault("why", ""));
  }

  /// Who sets how many servers the upstream of the path has, if that is granted.
  Origin mayScale() {
    Origin origin = origin(query.getOrDefault("who", ""), query.getOrDefault("why", ""));
    if (permit != null
        && permit.may(Ask.servers(parameter("upstream")))
            instanceof Decision.Refused(int status, String text)) {
      throw Problem.of(status, "forbidden", text);
    }
    return origin;
  }

  private Origin origin(String who, String why) {
    if (who.length() > LONGEST_WHO || why.length() > LONGEST_WHY) {
      throw Problem.of(400, "invalid_value", "\"who\" or \"why\" is too long")
          .hint("up to " + LONGEST_WHO + " and " + LONGEST_WHY + " bytes");
    }
    Permit granted = permit;
    if (granted == null) {
      throw new IllegalStateException("a change that was not let in");
    }
    // What is said is kept beside what is known, never in its place.
    Origin known = granted.origin(why);
    return who.isEmpty()
        ? known
        : new Origin(known.dialect(), who + " (" + known.who() + ")", known.why(), known.from());
  }

  private @Nullable Long ifRevision() {
    String field = ifMatch;
    if (field == null || field.equals("*")) {
      return null;
    }
    String text = field.strip();
    if (text.length() > 2 && text.startsWith("\"") && text.endsWith("\"")) {
      try {
        long revision = Long.parseLong(text.substring(1, text.length() - 1));
        if (revision >= 0) {
          return revision;
        }
      } catch (NumberFormatException _) {
        // an entity tag of somebody else
      }
    }
    throw Problem.of(400, "invalid_field", "If-Match is " + text)
        .at("header:If-Match")
        .hint("one revision in quotes, as ETag has it: \"42\"");
  }

  private String changeKey() {
    String chosen = key;
    if (chosen == null) {
      return "";
    }
    if (chosen.isEmpty()
        || chosen.length() > LONGEST_KEY
        || chosen.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw Problem.of(400, "invalid_field", "Idempotency-Key is \"" + chosen + "\"")
          .at("header:Idempotency-Key")
          .hint("up to " + LONGEST_KEY + " visible ASCII characters");
    }
    return IdempotencyKey.of(chosen, method, path, body);
  }
}

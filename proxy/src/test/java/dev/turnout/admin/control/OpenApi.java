package dev.turnout.admin.control;

import dev.turnout.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The description of the API, as far as a test holds answers against it: every path, method and
/// status must be described, and of every document each field.
final class OpenApi {
  private final Map<String, Json> document;
  private final Map<String, Json> paths;

  private OpenApi(Map<String, Json> document) {
    this.document = document;
    this.paths = members(document.get("paths"));
  }

  static OpenApi load() throws IOException {
    try (InputStream in = OpenApi.class.getResourceAsStream("openapi.json")) {
      String bytes =
          new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.ISO_8859_1);
      return new OpenApi(members(Json.parseBytes(bytes)));
    }
  }

  static Map<String, Json> members(@Nullable Json value) {
    if (value instanceof Json.Members(Map<String, Json> byName)) {
      return byName;
    }
    throw new AssertionError("not an object: " + value);
  }

  private static List<Json> elements(@Nullable Json value) {
    if (value == null) {
      return List.of();
    }
    return value instanceof Json.Elements(List<Json> values) ? values : List.of(value);
  }

  private static String text(Json value) {
    return value instanceof Json.Text(String bytes) ? bytes : "";
  }

  /// All that is described, as `METHOD /path status`.
  Set<String> described() {
    Set<String> all = new TreeSet<>();
    paths.forEach((path, item) ->
        members(item)
            .forEach((method, operation) -> {
              if (!method.equals("parameters")) {
                members(members(operation).get("responses"))
                    .keySet()
                    .forEach(status -> all.add(name(method, path, status)));
              }
            }));
    return all;
  }

  private static String name(String method, String path, String status) {
    return method.toUpperCase(java.util.Locale.ROOT) + " " + path + " " + status;
  }

  /// Holds an answer against the description; returns what it is an instance of.
  String check(String method, String path, int status, String type, String body) {
    String template = template(path);
    String wanted = method.equals("HEAD") ? "get" : method.toLowerCase(java.util.Locale.ROOT);
    Json operation = members(paths.get(template)).get(wanted);
    if (operation == null && status == 405) {
      return "";
    }
    if (operation == null) {
      throw new AssertionError(method + " " + template + " is not described");
    }
    Json response = members(members(operation).get("responses")).get(Integer.toString(status));
    if (response == null) {
      throw new AssertionError(name(method, template, status + "") + " is not described: " + body);
    }
    if (!members(response).containsKey("content") && body.isEmpty()) {
      return name(wanted, template, status + "");
    }
    Json content = members(members(response).get("content")).get(type);
    if (content == null) {
      throw new AssertionError(method + " " + template + ": " + type + " is not described");
    }
    if (type.equals("application/json") && !method.equals("HEAD")) {
      List<String> wrong = new ArrayList<>();
      check(members(content).get("schema"), ControlClient.json(bytes(body)), "", wrong);
      if (!wrong.isEmpty()) {
        throw new AssertionError(method + " " + path + ": " + wrong + " in " + body);
      }
    }
    return name(wanted, template, status + "");
  }

  private static String bytes(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  private String template(String path) {
    for (String template : paths.keySet()) {
      String pattern = template.replaceAll("\\{key\\}", ".+").replaceAll("\\{\\w+\\}", "[^/]+");
      if (Pattern.matches(pattern, path)) {
        return template;
      }
    }
    throw new AssertionError(path + " is not described");
  }

  private void check(@Nullable Json rule, Json value, String place, List<String> wrong) {
    Map<String, Json> schema = members(rule);
    Json reference = schema.get("$ref");
    if (reference != null) {
      String name = text(reference).substring("#/components/schemas/".length());
      Json schemas = members(document.get("components")).get("schemas");
      check(members(schemas).get(name), value, place, wrong);
      return;
    }
    if (schema.containsKey("oneOf")) {
      List<String> why = new ArrayList<>();
      for (Json choice : elements(schema.get("oneOf"))) {
        List<String> bad = new ArrayList<>();
        check(choice, value, place, bad);
        if (bad.isEmpty()) {
          return;
        }
        why.addAll(bad);
      }
      wrong.add(place + " is none of its choices: " + why);
      return;
    }
    List<String> types = elements(schema.get("type")).stream().map(OpenApi::text).toList();
    if (types.stream().noneMatch(type -> is(type, value))) {
      wrong.add(place + " is " + value.kind() + ", not " + types);
      return;
    }
    Json words = schema.get("enum");
    if (words != null && !elements(words).contains(value)) {
      wrong.add(place + " is " + value + ", not one of " + words);
    }
    if (value instanceof Json.Members(Map<String, Json> byName)) {
      object(schema, byName, place, wrong);
    }
    if (value instanceof Json.Elements(List<Json> values)) {
      for (int i = 0; i < values.size(); i++) {
        check(schema.get("items"), values.get(i), place + "/" + i, wrong);
      }
    }
  }

  private void object(
      Map<String, Json> schema, Map<String, Json> values, String place, List<String> wrong) {
    Json others = schema.get("additionalProperties");
    if (!schema.containsKey("properties") && others == null) {
      return; // anything
    }
    Map<String, Json> properties =
        schema.containsKey("properties") ? members(schema.get("properties")) : Map.of();
    values.forEach((name, value) -> {
      if (properties.containsKey(name)) {
        check(properties.get(name), value, place + "/" + name, wrong);
      } else if (others instanceof Json.Members) {
        check(others, value, place + "/" + name, wrong);
      } else {
        wrong.add(place + "/" + name + " is not described");
      }
    });
    if (schema.containsKey("required")) {
      for (Json name : elements(schema.get("required"))) {
        if (!values.containsKey(text(name))) {
          wrong.add(place + "/" + text(name) + " is missing");
        }
      }
    }
  }

  private static boolean is(String type, Json value) {
    return switch (type) {
      case "object" -> value instanceof Json.Members;
      case "array" -> value instanceof Json.Elements;
      case "string" -> value instanceof Json.Text;
      case "integer" -> value instanceof Json.Numeral(String text) && text.matches("-?[0-9]+");
      case "number" -> value instanceof Json.Numeral;
      case "boolean" -> value instanceof Json.Truth;
      case "null" -> value instanceof Json.Null;
      default -> throw new AssertionError("unknown type " + type);
    };
  }
}

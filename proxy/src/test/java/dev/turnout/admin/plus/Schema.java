package dev.turnout.admin.plus;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What an object of the API may look like. Members are written `name:type`, in order; `?` after
/// the name: it may be missing. Types: `int`, `text`, `bool`, `time`, `names` (an array of
/// strings), `counts` (numbers under any names), `pairs` (strings under any names), the name of
/// another object, `[object]` for an array and `{object}` for objects under any names.
final class Schema {
  private static final Pattern TIME =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");

  private final Map<String, String> objects = new LinkedHashMap<>();
  private final List<String> wrong = new ArrayList<>();

  Schema object(String name, String members) {
    objects.put(name, members);
    return this;
  }

  /// What is wrong with a value of this type; empty if nothing is.
  List<String> check(String type, @Nullable Object value) {
    wrong.clear();
    check(type, value, "$");
    return List.copyOf(wrong);
  }

  private void check(String type, @Nullable Object value, String where) {
    boolean good =
        switch (type) {
          case "int" -> value instanceof Long number && number >= 0;
          case "text" -> value instanceof String;
          case "bool" -> value instanceof Boolean;
          case "time" -> value instanceof String text && TIME.matcher(text).matches();
          case "names" ->
              value instanceof List<?> list && list.stream().allMatch(String.class::isInstance);
          case "counts" ->
              value instanceof Map<?, ?> map
                  && map.values().stream().allMatch(Long.class::isInstance);
          case "pairs" ->
              value instanceof Map<?, ?> map
                  && map.values().stream().allMatch(String.class::isInstance);
          default -> {
            composite(type, value, where);
            yield true;
          }
        };
    if (!good) {
      wrong.add(where + ": " + value + " is not " + type);
    }
  }

  private void composite(String type, @Nullable Object value, String where) {
    String inner = type.substring(1, type.length() - 1);
    if (type.startsWith("[") && value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        check(inner, list.get(i), where + "[" + i + "]");
      }
    } else if (type.startsWith("{") && value instanceof Map<?, ?> map) {
      map.forEach((name, member) -> check(inner, member, where + "." + name));
    } else if (objects.containsKey(type) && value instanceof Map<?, ?> map) {
      members(type, map, where);
    } else {
      wrong.add(where + ": " + value + " is not " + type);
    }
  }

  private void members(String type, Map<?, ?> map, String where) {
    List<String> expected = new ArrayList<>();
    for (String member : String.valueOf(objects.get(type)).split(" ", -1)) {
      int colon = member.indexOf(':');
      String name = member.substring(0, colon);
      boolean optional = name.endsWith("?");
      name = optional ? name.substring(0, name.length() - 1) : name;
      if (map.containsKey(name)) {
        expected.add(name);
        check(member.substring(colon + 1), map.get(name), where + "." + name);
      } else if (!optional) {
        wrong.add(where + ": no " + name);
      }
    }
    if (!List.copyOf(map.keySet()).equals(expected)) {
      wrong.add(where + ": has " + map.keySet() + " where " + expected + " is known");
    }
  }
}

package dev.turnout.admin.control;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One thing that can be asked: a method and a template of paths. A name in braces stands for one
/// segment; the last may stand for all that is left, which is then written `{name}` as well.
///
/// @param query the arguments that it has
/// @param body whether it may have a body
/// @param rest whether the last name of the template stands for all that is left
record Route(
    String method,
    List<String> template,
    Set<String> query,
    boolean body,
    boolean rest,
    Handler handler) {
  Route {
    template = List.copyOf(template);
    query = Set.copyOf(query);
  }

  /// Answers; may wait.
  @FunctionalInterface
  interface Handler {
    Answer answer(Call call);
  }

  boolean changes() {
    return !method.equals("GET");
  }

  /// True for what is streamed if the client does not say how long it waits.
  boolean isEvents() {
    return template.equals(List.of("events"));
  }

  /// What the path has for the names of the template; null if it does not fit.
  @Nullable Map<String, String> match(List<String> asked) {
    boolean slash = !rest && !asked.isEmpty() && asked.getLast().isEmpty();
    List<String> path = slash ? asked.subList(0, asked.size() - 1) : asked;
    if (rest ? path.size() < template.size() : path.size() != template.size()) {
      return null;
    }
    Map<String, String> parameters = new HashMap<>();
    for (int i = 0; i < template.size(); i++) {
      String wanted = template.get(i);
      String found = path.get(i);
      if (!wanted.startsWith("{")) {
        if (!wanted.equals(found)) {
          return null;
        }
        continue;
      }
      if (found.isEmpty()) {
        return null;
      }
      boolean isRest = rest && i == template.size() - 1;
      parameters.put(
          wanted.substring(1, wanted.length() - 1),
          isRest ? String.join("/", path.subList(i, path.size())) : found);
    }
    return parameters;
  }
}

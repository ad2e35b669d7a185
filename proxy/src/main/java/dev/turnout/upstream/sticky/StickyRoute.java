package dev.turnout.upstream.sticky;

import java.util.ArrayList;
import java.util.List;

/// `sticky route`: the request names the route itself, in whatever its variables make of it.
///
/// @param variables the names of the variables; the first that is not empty has the route
public record StickyRoute(List<String> variables) implements Sticky {
  public StickyRoute {
    variables = List.copyOf(variables);
  }

  @Override
  public List<String> words() {
    List<String> words = new ArrayList<>(List.of("route"));
    variables.forEach(name -> words.add("$" + name));
    return words;
  }
}

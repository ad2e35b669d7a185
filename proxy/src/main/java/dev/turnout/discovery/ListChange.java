package dev.turnout.discovery;

import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What becomes of a list of servers, in a line for the history: `+10.0.0.1:80 -10.0.0.2:80
/// ~10.0.0.3:80`.
final class ListChange {
  private static final int MOST = 20;

  private ListChange() {}

  static String of(List<PeerSpec> before, List<PeerSpec> after) {
    Map<PeerAddress, PeerSpec> gone = new HashMap<>();
    before.forEach(server -> gone.put(server.address(), server));
    List<String> words = new ArrayList<>();
    List<String> changed = new ArrayList<>();
    for (PeerSpec server : after) {
      PeerSpec there = gone.remove(server.address());
      if (there == null) {
        words.add("+" + server.server());
      } else if (!there.withId(0).equals(server.withId(0))) {
        changed.add("~" + server.server());
      }
    }
    before.stream()
        .filter(server -> gone.containsKey(server.address()))
        .forEach(server -> words.add("-" + server.server()));
    words.addAll(changed);
    int more = words.size() - MOST;
    return String.join(" ", more > 0 ? words.subList(0, MOST) : words)
        + (more > 0 ? " and " + more + " more" : "");
  }
}

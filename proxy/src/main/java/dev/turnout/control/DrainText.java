package dev.turnout.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.turnout.cluster.Origin;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A drain that is under way as one line of ASCII, for a store.
final class DrainText {
  private DrainText() {}

  static String of(Drain drain) {
    Long deadline = drain.deadlineMillis();
    return Stream.of(
            "upstream", drain.upstream(),
            "server", Long.toString(drain.server()),
            "address", drain.address(),
            "then", drain.then().name(),
            "force", Boolean.toString(drain.force()),
            "started", Long.toString(drain.startedMillis()),
            "deadline", deadline == null ? "" : deadline.toString(),
            "dialect", drain.origin().dialect(),
            "who", drain.origin().who(),
            "why", drain.origin().why())
        .map(text -> URLEncoder.encode(text, UTF_8))
        .collect(Collectors.joining(" "));
  }

  /// Null if it is not the text of a drain.
  static @Nullable Drain parse(String id, String text) {
    String[] words = text.split(" ", -1);
    Map<String, String> fields = new HashMap<>();
    for (int i = 0; i + 1 < words.length; i += 2) {
      fields.put(words[i], URLDecoder.decode(words[i + 1], UTF_8));
    }
    try {
      String deadline = fields.getOrDefault("deadline", "");
      return new Drain(
          id,
          fields.getOrDefault("upstream", ""),
          Long.parseLong(fields.getOrDefault("server", "")),
          fields.getOrDefault("address", ""),
          Drain.Then.valueOf(fields.getOrDefault("then", "")),
          Boolean.parseBoolean(fields.getOrDefault("force", "")),
          new Origin(
              fields.getOrDefault("dialect", ""),
              fields.getOrDefault("who", ""),
              fields.getOrDefault("why", "")),
          Long.parseLong(fields.getOrDefault("started", "")),
          deadline.isEmpty() ? null : Long.valueOf(deadline),
          Drain.Phase.DRAINING,
          0,
          null,
          null,
          false,
          null,
          "");
    } catch (IllegalArgumentException _) {
      return null;
    }
  }
}

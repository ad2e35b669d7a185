package dev.turnout.cluster.share;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Which life of which state is in a store: kept there, and remembered by every node.
///
/// An engine may lose what it had, or go back to something older: after a restart, or when a
/// replica that lags takes over. The node that sees this begins another *incarnation*, so that all
/// nodes bring back what they know and the store has lost.
///
/// @param id of the state, by chance: of one cluster, for ever
/// @param incarnation 1 for the first
/// @param fork the last revision of the incarnation before that this one has
public record Lineage(String id, long incarnation, Past.Fork fork) {
  private static final Pattern TEXT =
      Pattern.compile(
          "\\{\"cluster\":\"([0-9a-z]{1,40})\",\"incarnation\":(\\d{1,18}),\"from\":(\\d{1,18}),\"to\":(\\d{1,18})}");

  /// The one that follows.
  Lineage next(Past.Fork wentBackTo) {
    return new Lineage(id, incarnation + 1, wentBackTo);
  }

  /// As it is stored.
  public String text() {
    return "{\"cluster\":\"%s\",\"incarnation\":%d,\"from\":%d,\"to\":%d}"
        .formatted(id, incarnation, fork.from(), fork.to());
  }

  /// What is stored; null if it is not one.
  public static @Nullable Lineage parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    return matcher.matches()
        ? new Lineage(
            matcher.group(1),
            Long.parseLong(matcher.group(2)),
            new Past.Fork(Long.parseLong(matcher.group(3)), Long.parseLong(matcher.group(4))))
        : null;
  }
}

package dev.turnout.control;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a node announces of itself, as one line of JSON without escapes.
final class MemberText {
  private static final Pattern TEXT =
      Pattern.compile(
          "\\{\"address\":\"([^\"\\\\]*)\",\"version\":\"([^\"\\\\]*)\",\"state\":\"([a-z_]*)\","
              + "\"incarnation\":(\\d{1,18}),\"applied\":(\\d{1,18}),\"revision\":(\\d{1,18}),"
              + "\"started\":(\\d{1,18})}");

  private MemberText() {}

  static String of(StoreStatus.Member member) {
    return ("{\"address\":\"%s\",\"version\":\"%s\",\"state\":\"%s\",\"incarnation\":%d,"
            + "\"applied\":%d,\"revision\":%d,\"started\":%d}")
        .formatted(
            plain(member.address()),
            plain(member.version()),
            member.state().toLowerCase(Locale.ROOT),
            member.incarnation(),
            member.applied(),
            member.revision(),
            member.startedMillis());
  }

  private static String plain(String text) {
    return text.replaceAll("[^ !#-\\[\\]-~]", "?");
  }

  /// A node by what it announces; null if it cannot be read.
  static StoreStatus.@Nullable Member parse(String node, String text, boolean self) {
    Matcher matcher = TEXT.matcher(text);
    return matcher.matches()
        ? new StoreStatus.Member(
            node,
            matcher.group(1),
            matcher.group(2),
            matcher.group(3),
            Long.parseLong(matcher.group(4)),
            Long.parseLong(matcher.group(5)),
            Long.parseLong(matcher.group(6)),
            Long.parseLong(matcher.group(7)),
            self)
        : null;
  }
}

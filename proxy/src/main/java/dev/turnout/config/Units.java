package dev.turnout.config;

import java.util.OptionalLong;

/// nginx's numbers, sizes and offsets as text; empty where nginx refuses.
public final class Units {
  private static final long KILO = 1024;

  private Units() {}

  /// A number: digits only.
  public static OptionalLong number(String text) {
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    long value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9 || value > (Long.MAX_VALUE - digit) / 10) {
        return OptionalLong.empty();
      }
      value = value * 10 + digit;
    }
    return OptionalLong.of(value);
  }

  /// A size in memory: `512`, `8k`, `1M`.
  public static OptionalLong size(String text) {
    return scaled(text, false);
  }

  /// A size in files: as [#size], and `2g`.
  public static OptionalLong offset(String text) {
    return scaled(text, true);
  }

  private static OptionalLong scaled(String text, boolean giga) {
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    long scale =
        switch (text.charAt(text.length() - 1)) {
          case 'k', 'K' -> KILO;
          case 'm', 'M' -> KILO * KILO;
          case 'g', 'G' -> giga ? KILO * KILO * KILO : 1;
          default -> 1;
        };
    OptionalLong number = number(scale == 1 ? text : text.substring(0, text.length() - 1));
    if (number.isEmpty() || number.getAsLong() > Long.MAX_VALUE / scale) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(number.getAsLong() * scale);
  }

  /// A time in milliseconds: `500ms`, `30s`, `1h30m`; a number alone is seconds. Units fall from
  /// left to right, from weeks on.
  public static OptionalLong milliseconds(String text) {
    return Duration.parse(text, true);
  }

  /// A time in seconds: `30s`, `1h30m`, `1y`; a number alone is seconds. Units fall from left to
  /// right, from years on, without milliseconds.
  public static OptionalLong seconds(String text) {
    return Duration.parse(text, false);
  }

  /// The parser of times. What makes it nginx's: each unit at most once and in order, spaces
  /// between them, a space standing for seconds, and months and years only in directives that count
  /// seconds.
  private static final class Duration {
    private static final int BEFORE_ALL = 0;
    private static final int YEAR = 1;
    private static final int MONTH = 2;
    private static final int WEEK = 3;
    private static final int DAY = 4;
    private static final int HOUR = 5;
    private static final int MINUTE = 6;
    private static final int SECOND = 7;
    private static final int MILLISECOND = 8;
    private static final int AFTER_SPACE = 9;

    static OptionalLong parse(String text, boolean milliseconds) {
      int reached = milliseconds ? MONTH : BEFORE_ALL;
      boolean digits = false;
      long total = 0;
      long value = 0;
      int i = 0;
      while (i < text.length()) {
        char c = text.charAt(i++);
        if (c >= '0' && c <= '9') {
          if (value > (Long.MAX_VALUE - (c - '0')) / 10) {
            return OptionalLong.empty();
          }
          value = value * 10 + (c - '0');
          digits = true;
          continue;
        }
        boolean m = c == 'm' && i < text.length() && text.charAt(i) == 's';
        int unit = m ? MILLISECOND : unit(c);
        if (m) {
          i++;
        }
        if (unit < 0 || !mayFollow(unit, reached) || (unit == MILLISECOND && !milliseconds)) {
          return OptionalLong.empty();
        }
        reached = unit;
        long scale = scale(unit, milliseconds);
        if (value > Long.MAX_VALUE / scale || total > Long.MAX_VALUE - value * scale) {
          return OptionalLong.empty();
        }
        total += value * scale;
        value = 0;
        while (i < text.length() && text.charAt(i) == ' ') {
          i++;
        }
      }
      long scale = scale(SECOND, milliseconds);
      if (!digits || value > Long.MAX_VALUE / scale || total > Long.MAX_VALUE - value * scale) {
        return OptionalLong.empty();
      }
      return OptionalLong.of(total + value * scale);
    }

    private static boolean mayFollow(int unit, int reached) {
      return unit == AFTER_SPACE ? reached < SECOND : unit > reached;
    }

    private static int unit(char c) {
      return switch (c) {
        case 'y' -> YEAR;
        case 'M' -> MONTH;
        case 'w' -> WEEK;
        case 'd' -> DAY;
        case 'h' -> HOUR;
        case 'm' -> MINUTE;
        case 's' -> SECOND;
        case ' ' -> AFTER_SPACE;
        default -> -1;
      };
    }

    private static long scale(int unit, boolean milliseconds) {
      long seconds =
          switch (unit) {
            case YEAR -> 365L * 24 * 60 * 60;
            case MONTH -> 30L * 24 * 60 * 60;
            case WEEK -> 7L * 24 * 60 * 60;
            case DAY -> 24L * 60 * 60;
            case HOUR -> 60L * 60;
            case MINUTE -> 60;
            default -> 1;
          };
      return unit == MILLISECOND || !milliseconds ? seconds : seconds * 1000;
    }
  }
}

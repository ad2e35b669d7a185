package dev.turnout.http;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/// HTTP dates (RFC 9110 section 5.6.7): written as IMF-fixdate, read in all three forms.
public final class HttpDate {
  /// What [#parse] returns for what is no date.
  public static final long INVALID = Long.MIN_VALUE;

  private static final String[] DAYS = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

  private HttpDate() {}

  /// `Sun, 06 Nov 1994 08:49:37 GMT`. Not cheap: callers keep it for a second.
  public static String format(long epochSecond) {
    LocalDateTime time = LocalDateTime.ofEpochSecond(epochSecond, 0, ZoneOffset.UTC);
    StringBuilder out = new StringBuilder(29);
    out.append(DAYS[time.getDayOfWeek().getValue() - 1]).append(", ");
    two(out, time.getDayOfMonth()).append(' ');
    int month = time.getMonthValue() * 3;
    out.append(MONTHS, month - 3, month).append(' ');
    two(two(out, time.getYear() / 100), time.getYear() % 100).append(' ');
    two(out, time.getHour()).append(':');
    two(out, time.getMinute()).append(':');
    return two(out, time.getSecond()).append(" GMT").toString();
  }

  private static StringBuilder two(StringBuilder out, int n) {
    return out.append((char) ('0' + n / 10)).append((char) ('0' + n % 10));
  }

  /// A time as cookies have it: `Wed, 05-Jan-2000 10:00:00 GMT`.
  public static String cookie(long epochSecond) {
    String date = format(epochSecond);
    return date.substring(0, 7) + '-' + date.substring(8, 11) + '-' + date.substring(12);
  }

  /// The seconds since the epoch that `text` says, or [#INVALID]. As in nginx the day of the week
  /// and what follows the time do not matter.
  public static long parse(String text) {
    int comma = text.indexOf(',');
    int space = text.indexOf(' ');
    int p = comma >= 0 && (space < 0 || comma < space) ? comma : space;
    if (p < 0) {
      return INVALID;
    }
    boolean asctime = p == space;
    do {
      p++;
    } while (p < text.length() && text.charAt(p) == ' ');
    try {
      return asctime ? asctime(text, p) : fixdate(text, p);
    } catch (DateTimeException | StringIndexOutOfBoundsException _) {
      return INVALID;
    }
  }

  private static long fixdate(String text, int p) {
    int day = number(text, p, 2);
    char separator = text.charAt(p + 2);
    int month = month(text, p + 3);
    if ((separator != ' ' && separator != '-') || text.charAt(p + 6) != separator) {
      return INVALID;
    }
    if (separator == ' ') {
      return seconds(text, p + 11, number(text, p + 7, 4), month, day);
    }
    int year = number(text, p + 7, 2);
    return seconds(text, p + 9, year + (year < 70 ? 2000 : 1900), month, day);
  }

  private static long asctime(String text, int p) {
    int month = month(text, p);
    int day = text.charAt(p + 4) == ' ' ? number(text, p + 5, 1) : number(text, p + 4, 2);
    if (text.charAt(p + 3) != ' ' || text.charAt(p + 15) != ' ') {
      return INVALID;
    }
    return seconds(text, p + 6, number(text, p + 16, 4), month, day);
  }

  /// The time of day begins with a space at `p`.
  private static long seconds(String text, int p, int year, int month, int day) {
    if (text.charAt(p) != ' ' || text.charAt(p + 3) != ':' || text.charAt(p + 6) != ':') {
      return INVALID;
    }
    return LocalDateTime.of(
            year,
            month,
            day,
            number(text, p + 1, 2),
            number(text, p + 4, 2),
            number(text, p + 7, 2))
        .toEpochSecond(ZoneOffset.UTC);
  }

  private static int month(String text, int p) {
    int at = MONTHS.indexOf(text.substring(p, p + 3));
    if (at < 0 || at % 3 != 0) {
      throw new DateTimeException("no month");
    }
    return at / 3 + 1;
  }

  private static int number(String text, int p, int digits) {
    int value = 0;
    for (int i = p; i < p + digits; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        throw new DateTimeException("no number");
      }
      value = value * 10 + digit;
    }
    return value;
  }
}

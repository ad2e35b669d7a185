package dev.turnout.http.ssi;

import java.time.DayOfWeek;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/// Times in the forms of strftime(3) in the C locale.
final class TimeFormat {
  private TimeFormat() {}

  /// `time` in this form; an unknown conversion stays as it is.
  static String format(String form, ZonedDateTime time) {
    StringBuilder out = new StringBuilder(form.length() + 16);
    append(out, form, time);
    return out.toString();
  }

  private static void append(StringBuilder out, String form, ZonedDateTime time) {
    for (int i = 0; i < form.length(); i++) {
      char c = form.charAt(i);
      if (c != '%' || i + 1 == form.length()) {
        out.append(c);
        continue;
      }
      char conversion = form.charAt(++i);
      if ((conversion == 'E' || conversion == 'O') && i + 1 < form.length()) {
        conversion = form.charAt(++i); // the C locale has no other forms
      }
      convert(out, conversion, time);
    }
  }

  private static void convert(StringBuilder out, char conversion, ZonedDateTime time) {
    switch (conversion) {
      case 'A' -> out.append(time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
      case 'a' -> out.append(day(time));
      case 'B' -> out.append(month(time, "MMMM"));
      case 'b', 'h' -> out.append(month(time, "MMM"));
      case 'C' -> padded(out, time.getYear() / 100, 2, '0');
      case 'c' -> append(out, "%a %b %e %H:%M:%S %Y", time);
      case 'D', 'x' -> append(out, "%m/%d/%y", time);
      case 'd' -> padded(out, time.getDayOfMonth(), 2, '0');
      case 'e' -> padded(out, time.getDayOfMonth(), 2, ' ');
      case 'F' -> append(out, "%Y-%m-%d", time);
      case 'G' -> out.append(time.get(IsoFields.WEEK_BASED_YEAR));
      case 'g' -> padded(out, time.get(IsoFields.WEEK_BASED_YEAR) % 100, 2, '0');
      case 'H' -> padded(out, time.getHour(), 2, '0');
      case 'I' -> padded(out, hourOfHalf(time), 2, '0');
      case 'j' -> padded(out, time.getDayOfYear(), 3, '0');
      case 'k' -> padded(out, time.getHour(), 2, ' ');
      case 'l' -> padded(out, hourOfHalf(time), 2, ' ');
      case 'M' -> padded(out, time.getMinute(), 2, '0');
      case 'm' -> padded(out, time.getMonthValue(), 2, '0');
      case 'n' -> out.append('\n');
      case 'P' -> out.append(time.getHour() < 12 ? "am" : "pm");
      case 'p' -> out.append(time.getHour() < 12 ? "AM" : "PM");
      case 'R' -> append(out, "%H:%M", time);
      case 'r' -> append(out, "%I:%M:%S %p", time);
      case 'S' -> padded(out, time.getSecond(), 2, '0');
      case 's' -> out.append(time.toEpochSecond());
      case 'T', 'X' -> append(out, "%H:%M:%S", time);
      case 't' -> out.append('\t');
      case 'U' -> padded(out, week(time, DayOfWeek.SUNDAY), 2, '0');
      case 'u' -> out.append(time.getDayOfWeek().getValue());
      case 'V' -> padded(out, time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0');
      case 'W' -> padded(out, week(time, DayOfWeek.MONDAY), 2, '0');
      case 'w' -> out.append(time.getDayOfWeek().getValue() % 7);
      case 'Y' -> out.append(time.getYear());
      case 'y' -> padded(out, time.getYear() % 100, 2, '0');
      case 'Z' -> out.append(DateTimeFormatter.ofPattern("zzz", Locale.ROOT).format(time));
      case 'z' -> out.append(DateTimeFormatter.ofPattern("xx", Locale.ROOT).format(time));
      case '%' -> out.append('%');
      default -> out.append('%').append(conversion);
    }
  }

  private static String day(ZonedDateTime time) {
    return time.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
  }

  private static String month(ZonedDateTime time, String form) {
    return DateTimeFormatter.ofPattern(form, Locale.ENGLISH).format(time);
  }

  private static int hourOfHalf(ZonedDateTime time) {
    return time.get(ChronoField.CLOCK_HOUR_OF_AMPM);
  }

  /// The number of the week, where the first that begins with `first` is 1.
  private static int week(ZonedDateTime time, DayOfWeek first) {
    int sinceFirst = Math.floorMod(time.getDayOfWeek().getValue() - first.getValue(), 7);
    return (time.getDayOfYear() + 6 - sinceFirst) / 7;
  }

  private static void padded(StringBuilder out, int number, int width, char pad) {
    String digits = Integer.toString(number);
    out.repeat(pad, Math.max(0, width - digits.length())).append(digits);
  }
}

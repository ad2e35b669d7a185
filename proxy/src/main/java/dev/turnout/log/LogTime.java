package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.TimeZone;

/// The current second in nginx's forms, rendered at most once a second and shared by all threads.
///
/// Written by hand, and with the older of the JDK's two kinds of zone: `DateTimeFormatter` and
/// `ZoneId` look for their texts and rules among the services of the whole class path, which costs
/// an eighth of the time that the program takes to start.
public final class LogTime {
  /// A way to write a second. Each form has a fixed width.
  public enum Form {
    /// `2026/11/22 13:40:00`, local: the head of an error-log line.
    ERROR_LOG(0),
    /// `22/Nov/2026:13:40:00 +0000`, local: `$time_local`.
    LOCAL(1),
    /// `2026-11-22T13:40:00+00:00`, local: `$time_iso8601`.
    ISO8601(2),
    /// `Sun, 22 Nov 2026 13:40:00 GMT`: the `Date` field (RFC 9110, section 5.6.7).
    HTTP(3),
    /// `Nov 22 13:40:00`, local: the header of a syslog message (RFC 3164).
    SYSLOG(4);

    private final int slot;

    Form(int slot) {
      this.slot = slot;
    }
  }

  private static final Form[] FORMS = Form.values();
  private static final String[] MONTHS = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
  };
  private static final String[] DAYS = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

  private final InstantSource clock;
  private final TimeZone zone;
  private volatile Second current;

  /// The system's clock in the system's zone.
  public LogTime() {
    this(InstantSource.system(), TimeZone.getDefault());
  }

  /// `clock` shown in `zone`.
  public LogTime(InstantSource clock, TimeZone zone) {
    this.clock = clock;
    this.zone = zone;
    this.current = new Second(Math.floorDiv(clock.millis(), 1000L), zone);
  }

  /// Copies the current second in `form` into `target` at `at`; returns the position behind it.
  public int append(Form form, byte[] target, int at) {
    byte[] bytes = second().bytes[form.slot];
    System.arraycopy(bytes, 0, target, at, bytes.length);
    return at + bytes.length;
  }

  /// The current second in `form`; the same string until the second is over.
  public String text(Form form) {
    return second().texts[form.slot];
  }

  /// How many bytes [#append] writes for `form`.
  public int length(Form form) {
    return current.bytes[form.slot].length;
  }

  private Second second() {
    long epoch = Math.floorDiv(clock.millis(), 1000L);
    Second second = current;
    if (second.epoch != epoch) {
      // Two threads may both render at the turn of a second; both results are right.
      second = new Second(epoch, zone);
      current = second;
    }
    return second;
  }

  /// One second in all forms. Immutable.
  private static final class Second {
    private final long epoch;
    private final String[] texts = new String[FORMS.length];
    private final byte[][] bytes = new byte[FORMS.length][];

    Second(long epoch, TimeZone zone) {
      this.epoch = epoch;
      int offset = zone.getOffset(epoch * 1000) / 1000;
      LocalDateTime local =
          LocalDateTime.ofEpochSecond(epoch, 0, ZoneOffset.ofTotalSeconds(offset));
      LocalDateTime utc = LocalDateTime.ofEpochSecond(epoch, 0, ZoneOffset.UTC);
      for (Form form : FORMS) {
        String text = text(form, form == Form.HTTP ? utc : local, offset);
        texts[form.slot] = text;
        bytes[form.slot] = text.getBytes(ISO_8859_1);
      }
    }

    private static String text(Form form, LocalDateTime at, int offset) {
      StringBuilder out = new StringBuilder(32);
      String month = MONTHS[at.getMonthValue() - 1];
      switch (form) {
        case ERROR_LOG -> clock(date(out, at, '/').append(' '), at);
        case LOCAL -> {
          two(out, at.getDayOfMonth()).append('/').append(month).append('/').append(at.getYear());
          offset(clock(out.append(':'), at).append(' '), offset, "");
        }
        case ISO8601 -> offset(clock(date(out, at, '-').append('T'), at), offset, ":");
        case HTTP -> {
          two(out.append(DAYS[at.getDayOfWeek().getValue() - 1]).append(", "), at.getDayOfMonth());
          out.append(' ').append(month).append(' ').append(at.getYear()).append(' ');
          clock(out, at).append(" GMT");
        }
        case SYSLOG -> {
          int day = at.getDayOfMonth();
          out.append(month).append(day < 10 ? "  " : " ").append(day).append(' ');
          clock(out, at);
        }
      }
      return out.toString();
    }

    private static StringBuilder date(StringBuilder out, LocalDateTime at, char between) {
      two(out.append(at.getYear()).append(between), at.getMonthValue()).append(between);
      return two(out, at.getDayOfMonth());
    }

    private static StringBuilder clock(StringBuilder out, LocalDateTime at) {
      two(out, at.getHour()).append(':');
      two(out, at.getMinute()).append(':');
      return two(out, at.getSecond());
    }

    private static void offset(StringBuilder out, int seconds, String between) {
      int minutes = Math.abs(seconds) / 60;
      two(out.append(seconds < 0 ? '-' : '+'), minutes / 60).append(between);
      two(out, minutes % 60);
    }

    private static StringBuilder two(StringBuilder out, int number) {
      return out.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
    }
  }
}

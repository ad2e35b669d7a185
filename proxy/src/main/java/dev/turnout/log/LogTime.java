package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// The current second in nginx's forms, rendered at most once a second and shared by all threads.
public final class LogTime {
  /// A way to write a second. Each form has a fixed width.
  public enum Form {
    /// `2026/11/22 13:40:00`, local: the head of an error-log line.
    ERROR_LOG(0, "uuuu/MM/dd HH:mm:ss", false),
    /// `22/Nov/2026:13:40:00 +0000`, local: `$time_local`.
    LOCAL(1, "dd/MMM/uuuu:HH:mm:ss xx", false),
    /// `2026-11-22T13:40:00+00:00`, local: `$time_iso8601`.
    ISO8601(2, "uuuu-MM-dd'T'HH:mm:ssxxx", false),
    /// `Sun, 22 Nov 2026 13:40:00 GMT`: the `Date` field.
    HTTP(3, "EEE, dd MMM uuuu HH:mm:ss 'GMT'", true),
    /// `Nov 22 13:40:00`, local: the header of a syslog message (RFC 3164).
    SYSLOG(4, "MMM ppd HH:mm:ss", false);

    private final int slot;
    private final DateTimeFormatter formatter;
    private final boolean utc;

    Form(int slot, String pattern, boolean utc) {
      this.slot = slot;
      this.formatter = DateTimeFormatter.ofPattern(pattern, Locale.ROOT);
      this.utc = utc;
    }
  }

  private static final Form[] FORMS = Form.values();

  private final InstantSource clock;
  private final ZoneId zone;
  private volatile Second current;

  /// The system's clock in the system's zone.
  public LogTime() {
    this(InstantSource.system(), ZoneId.systemDefault());
  }

  /// `clock` shown in `zone`.
  public LogTime(InstantSource clock, ZoneId zone) {
    this.clock = clock;
    this.zone = zone;
    this.current = Second.render(Math.floorDiv(clock.millis(), 1000L), zone);
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
      second = Second.render(epoch, zone);
      current = second;
    }
    return second;
  }

  /// One second in all forms. Immutable after rendering.
  private static final class Second {
    private final long epoch;
    private final String[] texts = new String[FORMS.length];
    private final byte[][] bytes = new byte[FORMS.length][];

    private Second(long epoch) {
      this.epoch = epoch;
    }

    static Second render(long epoch, ZoneId zone) {
      Second second = new Second(epoch);
      Instant instant = Instant.ofEpochSecond(epoch);
      ZonedDateTime local = instant.atZone(zone);
      ZonedDateTime utc = instant.atZone(ZoneOffset.UTC);
      for (Form form : FORMS) {
        String text = form.formatter.format(form.utc ? utc : local);
        second.texts[form.slot] = text;
        second.bytes[form.slot] = text.getBytes(ISO_8859_1);
      }
      return second;
    }
  }
}

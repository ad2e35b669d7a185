package dev.turnout.http.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.ZoneId;
import java.time.ZonedDateTime;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimeFormatTest {
  private static final ZonedDateTime TIME =
      ZonedDateTime.of(2026, 1, 4, 15, 7, 9, 0, ZoneId.of("GMT")); // a Sunday

  @ParameterizedTest
  @CsvSource({
    "'%A, %d-%b-%Y %H:%M:%S %Z', 'Sunday, 04-Jan-2026 15:07:09 GMT'",
    "%a %e %B %y, Sun  4 January 26",
    "%I:%M %p %l, 03:07 PM  3",
    "%j %U %W %V %G %u %w, 004 01 00 01 2026 7 0",
    "%F %T %z %s, 2026-01-04 15:07:09 +0000 1767539229",
    "%% %Q, % %Q",
  })
  void conversionsAreThoseOfTheCLibrary(String form, String expected) {
    assertThat(TimeFormat.format(form, TIME)).isEqualTo(expected);
  }
}

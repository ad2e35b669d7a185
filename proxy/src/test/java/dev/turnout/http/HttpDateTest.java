package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpDateTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun Nov 06 08:49:37 1994",
        "Sun,  06 Nov 1994 08:49:37"
      })
  void allThreeFormsAreRead(String text) {
    assertThat(HttpDate.parse(text)).isEqualTo(784111777);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Sun",
        "Sun,",
        "0",
        "Sun, 06 Nov 1994",
        "Sun, 06 Nov 1994 08:49",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 06 anF 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06-Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 08.49.37 GMT",
        "Sun Nov  6 08:49:37",
        "Sun Nov  6 08:49:37 94",
        "Sun, \u0660\u0666 Nov 1994 08:49:37 GMT"
      })
  void whatIsNoDateIsInvalid(String text) {
    assertThat(HttpDate.parse(text)).isEqualTo(HttpDate.INVALID);
  }

  @Test
  void twoDigitsOfAYearAreOfTheNearestCentury() {
    assertThat(HttpDate.parse("X, 01-Jan-70 00:00:00 GMT")).isZero();
    assertThat(HttpDate.parse("X, 01-Jan-69 00:00:00 GMT"))
        .isEqualTo(HttpDate.parse("X, 01 Jan 2069 00:00:00 GMT"));
  }

  @Test
  void whatIsWrittenIsImfFixdateAndIsReadBack() {
    DateTimeFormatter format =
        DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);
    Random random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      long second = random.nextLong(0, 4_102_444_800L);

      String text = HttpDate.format(second);

      assertThat(text).isEqualTo(format.format(Instant.ofEpochSecond(second)));
      assertThat(HttpDate.parse(text)).isEqualTo(second);
    }
  }
}

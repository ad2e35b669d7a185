package dev.turnout.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnitsTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "60, 60000",
    "500ms, 500",
    "30s, 30000",
    "1m, 60000",
    "1h30m, 5400000",
    "1h 30m, 5400000",
    "1w2d3h4m5s6ms, 788645006",
    "1m30, 90000",
    "9223372036854775, 9223372036854775000",
    "9223372036854775807ms, 9223372036854775807",
  })
  void timesInMilliseconds(String text, long expected) {
    assertThat(Units.milliseconds(text)).hasValue(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "s",
        "2 500ms",
        "x",
        "-1",
        "1.5s",
        "1y",
        "1M",
        "30m1h",
        "1h1h",
        "1s5m",
        "5ms5s",
        "1 h",
        "10 20 ms",
        "9223372036854776",
        "9223372036854775808ms",
        "99999999999999999999",
        "9223372036854775s1000ms"
      })
  void noTimesInMilliseconds(String text) {
    assertThat(Units.milliseconds(text)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1y, 31536000", "1M, 2592000", "1y1M1w1d, 34819200", "1d12h, 129600", "5, 5"})
  void timesInSeconds(String text, long expected) {
    assertThat(Units.seconds(text)).hasValue(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1ms", "1M1y", "1d1w", "", "292471208678y"})
  void noTimesInSeconds(String text) {
    assertThat(Units.seconds(text)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "512, 512", "8k, 8192", "8K, 8192", "1m, 1048576", "1M, 1048576"})
  void sizes(String text, long expected) {
    assertThat(Units.size(text)).hasValue(expected);
    assertThat(Units.offset(text)).hasValue(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "k", "1kk", "-1", "1.5m", "9223372036854775808", "9007199254740992k"})
  void noSizes(String text) {
    assertThat(Units.size(text)).isEmpty();
    assertThat(Units.offset(text)).isEmpty();
  }

  @Test
  void onlyOffsetsHaveGigabytes() {
    assertThat(Units.offset("2g")).hasValue(2L << 30);
    assertThat(Units.offset("8589934592G")).isEmpty();
    assertThat(Units.size("2g")).isEmpty();
  }

  @Test
  void theLargestNumberIsTheLargestLong() {
    assertThat(Units.number("9223372036854775807")).hasValue(Long.MAX_VALUE);
    assertThat(Units.number("9223372036854775808")).isEmpty();
    assertThat(Units.number("")).isEmpty();
    assertThat(Units.number("+1")).isEmpty();
  }
}

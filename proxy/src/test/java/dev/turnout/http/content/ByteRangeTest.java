package dev.turnout.http.content;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRangeTest {
  private static final long LENGTH = 16;

  @ParameterizedTest
  @CsvSource({
    "bytes=0-3, 0, 4",
    "bytes=4-, 4, 16",
    "bytes=-4, 12, 16",
    "bytes=-100, 0, 16",
    "bytes=15-99, 15, 16",
    "BYTES= 1 - 2 , 1, 3",
    "'bytes=0-1,20-30', 0, 2",
    "'bytes=99-,0-0', 0, 1"
  })
  void oneRangeIsAPart(String field, long start, long end) {
    assertThat(ByteRange.parse(field, LENGTH)).isEqualTo(new ByteRange.Part(start, end));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bytes=16-",
        "bytes=20-30",
        "bytes=5-2",
        "bytes=abc",
        "bytes=--1",
        "bytes=-0",
        "bytes=0-99999999999999999999"
      })
  void whatLiesBeyondOrIsNoRangeCannotBeSatisfied(String field) {
    assertThat(ByteRange.parse(field, LENGTH)).isEqualTo(new ByteRange.NotSatisfiable());
  }

  @ParameterizedTest
  @ValueSource(strings = {"byte=0-1", "items=0-1", "bytes=", "bytes=0-1,4-5"})
  void otherUnitsAndSeveralRangesAreServedWhole(String field) {
    assertThat(ByteRange.parse(field, LENGTH)).isEqualTo(new ByteRange.Whole());
  }
}

package dev.turnout.http.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.http.filter.ByteRanges.Part;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteRangesTest {
  private static final long LENGTH = 16;
  private static final int ANY = Integer.MAX_VALUE;

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
    assertThat(ByteRanges.parse(field, LENGTH, ANY))
        .isEqualTo(new ByteRanges.Parts(List.of(new Part(start, end))));
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
    assertThat(ByteRanges.parse(field, LENGTH, ANY)).isEqualTo(new ByteRanges.NotSatisfiable());
  }

  @ParameterizedTest
  @ValueSource(strings = {"byte=0-1", "items=0-1", "bytes=", "bytes=0-9,2-15"})
  void otherUnitsAndMoreThanThereIsAreServedWhole(String field) {
    assertThat(ByteRanges.parse(field, LENGTH, ANY)).isEqualTo(new ByteRanges.Whole());
  }

  @Test
  void severalRangesKeepTheirOrder() {
    assertThat(ByteRanges.parse("bytes=8-9,0-1", LENGTH, ANY))
        .isEqualTo(new ByteRanges.Parts(List.of(new Part(8, 10), new Part(0, 2))));
  }

  @Test
  void moreRangesThanAllowedAreServedWhole() {
    assertThat(ByteRanges.parse("bytes=8-9,0-1", LENGTH, 1)).isEqualTo(new ByteRanges.Whole());
  }

  @Test
  void manySmallRangesWouldCostMoreThanTheWhole() {
    String field = "bytes=" + "0-0,".repeat(15) + "0-0";

    assertThat(ByteRanges.parse(field, LENGTH, ANY))
        .isEqualTo(new ByteRanges.Parts(java.util.Collections.nCopies(16, new Part(0, 1))));
    assertThat(ByteRanges.parse(field + ",1-1", 17, ANY)).isEqualTo(new ByteRanges.Whole());
  }
}

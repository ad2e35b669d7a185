package dev.turnout.http.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SplitTest {
  /// The values are those of the reference implementation of MurmurHash2.
  @ParameterizedTest
  @CsvSource({
    "a, 2456313694",
    "ab, 446775395",
    "abc, 324500635",
    "abcd, 646393889",
    "abcde, 1594468574",
    "192.0.2.1AAA, 3445514239",
    "hello world, 1151865881"
  })
  void theHashIsMurmur2(String text, long hash) {
    assertThat(Split.hash(text) & 0xffff_ffffL).isEqualTo(hash);
  }

  @Test
  void bytesBeyondAsciiAreUnsigned() {
    assertThat(Split.hash("\u00ff\u00fe\u00fd") & 0xffff_ffffL).isEqualTo(1029784976L);
  }

  @Test
  void eachValueGetsItsShare() {
    Split split =
        Split.of(
            List.of(
                new Split.Share(5050, "a"),
                new Split.Share(2000, "b"),
                new Split.Share(Split.REST, "c")));
    int[] counts = new int[3];
    for (int i = 0; i < 10_000; i++) {
      counts[split.find("key" + i).charAt(0) - 'a']++;
    }

    assertThat(counts[0]).isBetween(4850, 5250);
    assertThat(counts[1]).isBetween(1850, 2150);
    assertThat(counts[0] + counts[1] + counts[2]).isEqualTo(10_000);
  }

  @Test
  void sharesThatLeaveSomethingLeaveItEmpty() {
    Split none = Split.of(List.of());
    Split whole = Split.of(List.of(new Split.Share(4000, "a"), new Split.Share(6000, "b")));

    assertThat(none.find("a")).isEmpty();
    for (int i = 0; i < 1000; i++) {
      assertThat(whole.find("key" + i)).isIn("a", "b");
    }
    assertThatThrownBy(
            () -> Split.of(List.of(new Split.Share(4000, "a"), new Split.Share(6001, "b"))))
        .hasMessage("percent total is greater than 100%");
  }

  @ParameterizedTest
  @CsvSource({"1, 100", "50.5, 5050", "0.01, 1", "100, 10000", "1., 100", ".5, 50"})
  void percentagesHaveTwoDecimals(String text, int hundredths) {
    assertThat(Split.hundredths(text)).isEqualTo(OptionalInt.of(hundredths));
  }

  @ParameterizedTest
  @CsvSource({"1.234", "a", "-1", "1.1.1", "''", "99999999999"})
  void otherTextsAreNoPercentages(String text) {
    assertThat(Split.hundredths(text)).isEmpty();
  }
}

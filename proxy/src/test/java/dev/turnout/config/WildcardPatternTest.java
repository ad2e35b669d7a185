package dev.turnout.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each row was tried with glob(3).
class WildcardPatternTest {
  @ParameterizedTest
  @CsvSource({
    "*, a, true",
    "*, .a, false",
    ".*, .a, true",
    "?a, .a, false",
    "[.]a, .a, false",
    "a*c, abc, true",
    "a*c, ac, true",
    "a*b*c, aXbXbc, true",
    "a*c, abd, false",
    "a?c, abc, true",
    "a?c, ac, false",
    "[abc], b, true",
    "[a-c]x, bx, true",
    "[a-c]x, dx, false",
    "[!a-c], d, true",
    "[^a-c], b, false",
    "[]a], ], true",
    "[!]a], ], false",
    "[a-], -, true",
    "[-a], -, true",
    "[[:digit:]x], 7, true",
    "[[:digit:]x], x, true",
    "[[:digit:]x], y, false",
    "[[:alpha:]-], -, true",
    "[a, [a, true",
    "\\*, *, true",
    "\\*, a, false",
    "[\\]], ], true",
  })
  void namesMatchAsInTheShell(String pattern, String name, boolean matches) {
    assertThat(WildcardPattern.compile(pattern).matches(name)).isEqualTo(matches);
  }

  @Test
  void manyStarsTakeNoLonger() {
    WildcardPattern pattern = WildcardPattern.compile("*a".repeat(50) + "b");
    String name = "a".repeat(5000);

    Assertions.assertTimeout(
        Duration.ofSeconds(2), () -> assertThat(pattern.matches(name)).isFalse());
  }
}

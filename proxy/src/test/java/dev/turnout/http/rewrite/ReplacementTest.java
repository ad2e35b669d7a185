package dev.turnout.http.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReplacementTest {
  @ParameterizedTest
  @CsvSource({
    "/to%41b, /toAb",
    "/to%20b, /to%20b",
    "/to%25b, /to%25b",
    "/to%E9b, /to%E9b",
    "/a%3fb%41, /a?b%41",
    "/a?b%41, /a?b%41",
    "/a%zz, /a%zz",
    "/a%4, /a%4"
  })
  void aRedirectShowsPlainBytesUnencodedUpToItsArguments(String written, String sent) {
    assertThat(Replacement.unescaped(written)).isEqualTo(sent);
  }
}

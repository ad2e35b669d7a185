package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreconditionsTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '\'',
      value = {
        "*, '\"a\"', true, true",
        "'\"a\"', '\"a\"', false, true",
        "'\"x\" , \"a\"', '\"a\"', false, true",
        "'\"ab\"', '\"a\"', false, false",
        "'W/\"a\"', '\"a\"', true, true",
        "'W/\"a\"', '\"a\"', false, false",
        "'\"a\"', 'W/\"a\"', true, true",
        "'\"a\"x', '\"a\"', true, false",
        "'\"a\"', , true, false"
      })
  void aTagIsFoundInAListOfTags(String list, String etag, boolean weak, boolean found) {
    assertThat(Preconditions.matches(list, etag, weak)).isEqualTo(found);
  }
}

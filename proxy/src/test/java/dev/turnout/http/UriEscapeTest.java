package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UriEscapeTest {
  private static final String PRINTABLE = " !\"#$%&'()*+,-./0:;<=>?@A[\\]^_`a{|}~";

  @ParameterizedTest
  @CsvSource(
      delimiter = '\t',
      quoteCharacter = 'Q',
      value = {
        "URI\t%20!%22%23$%25&'()*+,-./0:;%3C=%3E%3F@A[%5C]%5E_%60a%7B%7C%7D~",
        "ARGS\t%20!%22%23$%25%26'()*%2B,-./0:%3B%3C=%3E%3F@A[%5C]%5E_%60a%7B%7C%7D~",
        "URI_COMPONENT\t%20%21%22%23%24%25%26%27%28%29%2A%2B%2C-.%2F0%3A%3B%3C%3D%3E%3F%40A%5B%5C%5D%5E_%60a%7B%7C%7D~",
        "HTML\t%20!%22%23$%25&%27()*+,-./0:;%3C=%3E?@A[%5C]%5E_%60a%7B%7C%7D~",
        "REFRESH\t%20!%22#$%&%27()*+,-./0:;%3C=%3E?@A[%5C]%5E_%60a%7B%7C%7D~"
      })
  void eachKindEscapesItsOwnMarks(UriEscape kind, String escaped) {
    assertThat(kind.escape(PRINTABLE)).isEqualTo(escaped);
  }

  @Test
  void controlsAndHighBytesAreAlwaysEscaped() {
    for (UriEscape kind : UriEscape.values()) {
      assertThat(kind.escape("\u0000\n\u007f\u0080\u00ff")).isEqualTo("%00%0A%7F%80%FF");
    }
  }

  @Test
  void whatNeedsNothingIsTheSameString() {
    String plain = "/a/b-c";

    assertThat(UriEscape.URI.escape(plain)).isSameAs(plain);
    assertThat(UriEscape.unescape(plain)).isSameAs(plain);
  }

  @ParameterizedTest
  @CsvSource({"%41%2f%e9, A/\u00e9", "a%, a", "a%4, a", "a%4x, a", "a%xb, axb", "%2541, %41"})
  void unescapingForgives(String escaped, String text) {
    assertThat(UriEscape.unescape(escaped)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"%41?%41, A?%41", "%41%3f%41, A?%41", "%41%41, AA"})
  void aPathIsUnescapedUpToTheQuery(String escaped, String text) {
    assertThat(UriEscape.unescapePath(escaped)).isEqualTo(text);
  }

  @Test
  void unescapingUndoesEscaping() {
    StringBuilder all = new StringBuilder();
    for (char c = 0; c < 256; c++) {
      all.append(c);
    }

    assertThat(UriEscape.unescape(UriEscape.URI_COMPONENT.escape(all.toString())))
        .isEqualTo(all.toString());
  }
}

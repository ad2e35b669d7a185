package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LogFormatTest {
  @Test
  void quotesControlsAndBytesAboveAsciiBecomeHexadecimal() {
    assertThat(escaped(LogFormat.Escape.DEFAULT, "a\"b\\c\n\u007f\u00e9 ~"))
        .isEqualTo("a\\x22b\\x5Cc\\x0A\\x7F\\xE9 ~");
  }

  @Test
  void jsonKeepsBytesAboveAscii() {
    assertThat(escaped(LogFormat.Escape.JSON, "a\"b\\c\n\r\t\b\f\u0001\u00e9\u007f"))
        .isEqualTo("a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0001\u00e9\u007f");
  }

  @Test
  void withoutEscapingNothingChanges() {
    assertThat(escaped(LogFormat.Escape.NONE, "a\"\n")).isEqualTo("a\"\n");
  }

  private static String escaped(LogFormat.Escape escape, String text) {
    ByteSink sink = new ByteSink(new byte[8]);
    sink.append("> ");
    sink.append(text.getBytes(StandardCharsets.ISO_8859_1));
    LogFormat.escape(escape, sink, 2);
    return sink.toString().substring(2);
  }
}

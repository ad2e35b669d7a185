package dev.turnout.http.h1;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.turnout.http.Fields;
import dev.turnout.http.ResponseHead;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// Whatever an upstream sends: no exception, the same outcome in one piece and byte by byte, and
/// nothing taken that holds controls or folds.
class ResponseFuzzTest {
  @FuzzTest(maxDuration = "3m")
  void anyResponseBytes(byte[] sent) {
    check(sent);
  }

  @Test
  void theCollectedResponses() {
    for (Corpus.Case response : Corpus.responses()) {
      check(response.bytes());
    }
  }

  private static void check(byte[] sent) {
    byte[] bytes = Arrays.copyOf(sent, sent.length + 1);
    bytes[sent.length] = '\n';
    String whole = read(bytes, bytes.length);

    assertThat(read(bytes, 1)).isEqualTo(whole);
    assertThat(read(bytes, 7)).isEqualTo(whole);
  }

  private static String read(byte[] bytes, int step) {
    ResponseHead head = new ResponseHead();
    ResponseParser parser = new ResponseParser(512);
    int end = ResponseParser.NEED_MORE;
    for (int p = 0; p < bytes.length && end == ResponseParser.NEED_MORE; p += step) {
      head.append(bytes, p, Math.min(step, bytes.length - p));
      end = parser.parse(head);
    }
    if (end < 0) {
      return end + parser.reason();
    }
    StringBuilder all = new StringBuilder();
    all.append(end).append(' ').append(head.status()).append(' ').append(head.reason());
    all.append(' ').append(head.framing("GET")).append(head.keepAlive());
    assertThat(head.status()).isBetween(100, 999);
    assertThat(head.chunked() && head.contentLength() >= 0).isFalse();
    Fields fields = head.fields();
    for (int i = 0; i < fields.count(); i++) {
      assertThat(fields.name(i)).matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
      assertThat(fields.value(i))
          .matches("([^\\x00-\\x20\\x7f]([^\\x00-\\x08\\x0a-\\x1f\\x7f]*[^\\x00-\\x20\\x7f])?)?");
      all.append('\n').append(fields.name(i)).append('=').append(fields.value(i));
    }
    return all.toString();
  }
}

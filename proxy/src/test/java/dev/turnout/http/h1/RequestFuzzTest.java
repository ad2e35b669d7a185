package dev.turnout.http.h1;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.turnout.http.Fields;
import dev.turnout.http.RequestHead;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// Whatever a client sends: no exception, the same outcome in one piece and byte by byte, and
/// nothing taken that holds controls.
class RequestFuzzTest {
  @FuzzTest(maxDuration = "3m")
  void anyRequestBytes(byte[] sent) {
    check(sent);
  }

  @Test
  void theCollectedRequests() {
    for (Corpus.Case request : Corpus.requests()) {
      check(request.bytes());
    }
  }

  private static void check(byte[] sent) {
    // the end of a last line, so that none is refused in one reading and awaited in the other
    byte[] bytes = Arrays.copyOf(sent, sent.length + 1);
    bytes[sent.length] = '\n';
    try (RequestReader whole = new RequestReader();
        RequestReader singly = new RequestReader()) {
      whole.feed(bytes);
      Pieces.single(bytes, singly::feed);

      assertThat(singly.outcome()).isEqualTo(whole.outcome());
    }
    checkHead(bytes);
  }

  private static void checkHead(byte[] bytes) {
    RequestHead head = new RequestHead();
    head.append(bytes, 0, bytes.length);
    int end = new RequestParser(HeadLimits.DEFAULT).parse(head);
    if (end < 0) {
      return;
    }
    assertThat(head.requestLine()).matches("[A-Z_-]+ [^\\x00-\\x20\\x7f#]+ HTTP/1\\.[0-9]");
    assertThat(head.version() == 10 || head.host() != null).isTrue();
    assertThat(head.chunked() && head.contentLength() >= 0).isFalse();
    Fields fields = head.fields();
    for (int i = 0; i < fields.count(); i++) {
      assertThat(fields.name(i)).matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
      assertThat(fields.value(i))
          .matches("([^\\x00-\\x20\\x7f]([^\\x00-\\x08\\x0a-\\x1f\\x7f]*[^\\x00-\\x20\\x7f])?)?");
    }
    String raw = new String(head.data(), 0, end, StandardCharsets.ISO_8859_1);
    assertThat(raw).endsWith("\n");
  }
}

package dev.turnout.http.h1;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.turnout.http.Fields;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// Whatever a chunked body holds: no exception, the same outcome in one piece and byte by byte, and
/// what is taken is a body that can be written out and read again.
class ChunkedFuzzTest {
  @FuzzTest(maxDuration = "3m")
  void anyChunkedBytes(byte[] sent) {
    check(sent);
  }

  @Test
  void theCollectedBodies() {
    for (Corpus.Case request : Corpus.requests()) {
      int body = request.raw().indexOf("\r\n\r\n") + 4;
      check(request.raw().substring(body).getBytes(StandardCharsets.ISO_8859_1));
    }
  }

  private static void check(byte[] sent) {
    String whole = read(sent, Math.max(1, sent.length));

    assertThat(read(sent, 1)).isEqualTo(whole);
    assertThat(read(sent, 5)).isEqualTo(whole);
  }

  private static String read(byte[] bytes, int step) {
    ChunkedDecoder decoder = new ChunkedDecoder();
    StringBuilder data = new StringBuilder();
    int used = 0;
    ChunkedDecoder.Result result = ChunkedDecoder.Result.NEED_MORE;
    for (int p = 0; p < bytes.length && result == ChunkedDecoder.Result.NEED_MORE; p += step) {
      ByteBuf in = Unpooled.wrappedBuffer(bytes, p, Math.min(step, bytes.length - p));
      while ((result = decoder.decode(in)) == ChunkedDecoder.Result.DATA) {
        ByteBuf slice = decoder.take(in);
        data.append(slice.toString(StandardCharsets.ISO_8859_1));
        slice.release();
      }
      used += in.readerIndex();
      in.release();
    }
    data.append('|').append(result).append(used).append(decoder.reason()).append(decoder.status());
    Fields trailers = decoder.trailers();
    for (int i = 0; i < trailers.count(); i++) {
      assertThat(trailers.value(i)).doesNotContain("\r", "\n", "\0");
      data.append('\n').append(trailers.name(i)).append('=').append(trailers.value(i));
    }
    return data.toString();
  }
}

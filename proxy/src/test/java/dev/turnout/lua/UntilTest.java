package dev.turnout.lua;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Reading up to a pattern, in pieces and mixed with other reads.
class UntilTest {
  private final ByteBuf in = Unpooled.buffer();

  private static Until pattern(String text) {
    return new Until(text.getBytes(StandardCharsets.ISO_8859_1), false);
  }

  private void come(String text) {
    in.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private @Nullable String read(Until until, int size) {
    return until.begin(size) && until.feed(in) ? text(until.piece()) : null;
  }

  private String plain(int size) {
    byte[] bytes = new byte[size];
    in.readBytes(bytes);
    return text(bytes);
  }

  @Test
  void whatComesInBytesIsMatchedAcrossThem() {
    Until until = pattern("\r\n\r\n");
    assertThat(until.begin(0)).isTrue();
    for (char c : "a\r\n\rb\r\n\r\n".toCharArray()) {
      assertThat(until.feed(in)).isFalse();
      come(String.valueOf(c));
    }

    assertThat(until.feed(in)).isTrue();
    assertThat(text(until.piece())).isEqualTo("a\r\n\rb");
  }

  @Test
  void theLastPieceIsFollowedByAnEnd() {
    Until until = pattern("--");
    come("abc--d");

    assertThat(read(until, 2)).isEqualTo("ab");
    assertThat(read(until, 2)).isEqualTo("c");
    assertThat(read(until, 2)).isNull();
    assertThat(plain(1)).isEqualTo("d");
  }

  @Test
  void aBeginningThatIsNoneMakesAPieceLongerThanAskedFor() {
    Until until = pattern("ab1ab2");
    come("ab1ab1");

    assertThat(read(until, 2)).isEqualTo("ab1");
    until.giveBack(in);
    assertThat(plain(3)).isEqualTo("ab1");
  }

  @Test
  void anotherReadGetsBackWhatWasOnlyKept() {
    Until until = pattern("--abc");
    come("----abc");

    assertThat(read(until, 2)).isEqualTo("--");
    in.discardReadBytes();
    until.giveBack(in);
    assertThat(plain(2)).isEqualTo("--");
    assertThat(plain(3)).isEqualTo("abc");
  }

  @Test
  void theWholeComesOutWhateverTheParts() {
    Random random = new Random(4);
    for (int round = 0; round < 2_000; round++) {
      String stop = random(random, 1 + random.nextInt(5));
      String text = random(random, random.nextInt(30));
      String all = text + stop;
      String wanted = all.substring(0, all.indexOf(stop));
      in.clear();
      come(all);
      Until until = pattern(stop);
      StringBuilder got = new StringBuilder();
      int size = random.nextInt(4);
      while (until.begin(size)) {
        assertThat(until.feed(in)).as("%s in %s", stop, all).isTrue();
        got.append(text(until.piece()));
        if (size == 0) {
          break;
        }
      }
      assertThat(got.toString()).as("%s in %s", stop, all).isEqualTo(wanted);
    }
  }

  private static String random(Random random, int length) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < length; i++) {
      out.append((char) ('a' + random.nextInt(2)));
    }
    return out.toString();
  }
}

package dev.turnout.cluster.share;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.share.SyncedZone.Entry;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What nodes tell each other of zones, as bytes.
class SyncMessageTest {
  private static final String SENDER = "0123456789abcdef";
  private static final SyncMessage MESSAGE =
      new SyncMessage(
          SENDER,
          7,
          "sticky:z",
          List.of(
              new Entry("\0\u0001\u00ff3456789abcdef", 3, "blue", 250),
              new Entry("fedcba9876543210", Long.MAX_VALUE, "", Integer.MAX_VALUE)));

  @Test
  void whatIsWrittenIsRead() {
    assertThat(SyncMessage.parse(MESSAGE.text())).isEqualTo(MESSAGE);
  }

  @Test
  void whatIsCutOffOrTooLongIsNone() {
    String text = MESSAGE.text();

    for (int i = 0; i < text.length(); i++) {
      assertThat(SyncMessage.parse(text.substring(0, i))).isNull();
    }
    assertThat(SyncMessage.parse(text + "x")).isNull();
  }

  @Test
  void anotherFormIsNone() {
    assertThat(SyncMessage.parse('\u0002' + MESSAGE.text().substring(1))).isNull();
  }

  @Test
  void moreThanAMessageMayHaveIsNone() {
    Entry entry = new Entry(SENDER, 1, "", 0);
    int most = SyncMessage.MOST;

    assertThat(message(Collections.nCopies(most, entry))).isNotNull();
    assertThat(message(Collections.nCopies(most + 1, entry))).isNull();
    assertThat(message(List.of(new Entry(SENDER, -1, "", 0)))).isNull();
    assertThat(SyncMessage.canTell(new Entry(SENDER, 1, "x".repeat(1025), 0))).isFalse();
  }

  private static @Nullable SyncMessage message(List<Entry> entries) {
    return SyncMessage.parse(new SyncMessage(SENDER, 1, "z", entries).text());
  }

  @Test
  void anyBytesAreAMessageOrNone() {
    Random chance = new Random(1);
    StringBuilder text = new StringBuilder(MESSAGE.text());
    for (int i = 0; i < 100_000; i++) {
      text.setCharAt(chance.nextInt(text.length()), (char) chance.nextInt(256));
      SyncMessage read = SyncMessage.parse(text.toString());
      if (read != null) {
        assertThat(read.text()).isEqualTo(text.toString());
      } else {
        text = new StringBuilder(MESSAGE.text());
      }
    }
  }
}

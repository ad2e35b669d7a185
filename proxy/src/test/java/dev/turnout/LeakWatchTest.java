package dev.turnout;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeakWatchTest {
  @Test
  void aDroppedBufferIsFound() {
    for (int i = 0; i < 8; i++) {
      ByteBufAllocator.DEFAULT.directBuffer(100);
    }
    List<String> found = new ArrayList<>();
    for (int round = 0; found.isEmpty() && round < 100; round++) {
      found.addAll(LeakWatch.found());
    }
    while (found.size() < 8 && !LeakWatch.found().isEmpty()) {
      // the rest of ours must not be taken for somebody else's
    }
    assertThat(found).first().asString().contains("was not released");
  }
}

package dev.turnout.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.AccessDeniedException;
import org.junit.jupiter.api.Test;

class ErrnoTest {
  @Test
  void aFailureIsDescribedWithItsNumber() {
    assertThat(Errno.describe(13)).isEqualTo("13: Permission denied");
    assertThat(Errno.describe(new AccessDeniedException("/x"))).isEqualTo("13: Permission denied");
    assertThat(Errno.describe(new ConnectException("Connection refused")))
        .isEqualTo("111: Connection refused");
    assertThat(Errno.describe(new IOException("No space left on device")))
        .isEqualTo("28: No space left on device");
  }

  @Test
  void textsThatTheOldFileClassesWrapAreFound() {
    IOException failure = openDirectory();

    assertThat(Errno.describe(failure)).isEqualTo("21: Is a directory");
  }

  @Test
  void aFailureOfOurOwnKeepsItsWords() {
    assertThat(Errno.describe(new IOException("closed by us"))).isEqualTo("closed by us");
  }

  private static IOException openDirectory() {
    try (var _ = new FileInputStream("/")) {
      throw new AssertionError("a directory was opened as a file");
    } catch (IOException e) {
      return e;
    }
  }
}

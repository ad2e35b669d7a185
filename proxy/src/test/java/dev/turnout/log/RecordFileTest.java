package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordFileTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path directory;

  private static void append(RecordFile file, String lines) throws IOException {
    file.append(lines.getBytes(ISO_8859_1), true);
  }

  @Test
  void afterTheFileWasMovedAwayAReopenBeginsAnother() throws IOException {
    Path path = directory.resolve("records");
    try (var logs = new LogFiles()) {
      RecordFile file = logs.records(path.toString());
      append(file, "one\n");
      Files.move(path, directory.resolve("records.1"));
      append(file, "two\n");

      assertThat(logs.reopen()).isEmpty();
      append(file, "three\n");

      assertThat(directory.resolve("records.1")).hasContent("one\ntwo\n");
      assertThat(path).hasContent("three\n");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .endsWith("---");
    }
  }

  @Test
  void aReopenThatFailsKeepsTheOldPlaceAndSaysWhy() throws IOException {
    Path inside = Files.createDirectory(directory.resolve("d"));
    Path path = inside.resolve("records");
    try (var logs = new LogFiles()) {
      RecordFile file = logs.records(path.toString());
      Files.move(inside, directory.resolve("e"));

      assertThat(logs.reopen()).singleElement().asString().contains("(2: No such file");
      append(file, "one\n");

      assertThat(directory.resolve("e/records")).hasContent("one\n");
    }
  }

  @Test
  void whoNamesTheSameFileTwiceHasOneThatClosesWithTheLastUse() throws IOException {
    Path path = directory.resolve("records");
    try (var logs = new LogFiles()) {
      RecordFile file = logs.records(path.toString());
      assertThat(logs.records(path.toString())).isSameAs(file);
      file.close();
      append(file, "one\n");
      file.close();

      assertThatThrownBy(() -> append(file, "two\n")).isInstanceOf(IOException.class);
      assertThat(path).hasContent("one\n");
    }
  }

  @Test
  void aFullDiskIsToldToWhoAppends() throws IOException {
    try (var logs = new LogFiles()) {
      RecordFile full = logs.records("/dev/full");

      assertThatThrownBy(() -> append(full, "one\n"))
          .hasMessage("write() to \"/dev/full\" failed (28: No space left on device)");
    }
  }
}

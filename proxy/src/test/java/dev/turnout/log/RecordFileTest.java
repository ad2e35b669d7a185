package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordFileTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path directory;

  private static void append(RecordFile file, String line) throws IOException {
    file.append(List.of(_ -> line.strip()), true);
  }

  private static void chained(RecordFile file, String... lines) throws IOException {
    file.append(
        Arrays.stream(lines).<RecordFile.Line>map(line -> before -> line + " " + before).toList(),
        true);
  }

  private static String digest(String line) throws GeneralSecurityException {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(line.getBytes(ISO_8859_1)));
  }

  private static void assertChained(String begin, List<String> lines)
      throws GeneralSecurityException {
    String before = begin;
    for (String line : lines) {
      assertThat(line).endsWith(" " + before);
      before = digest(line);
    }
  }

  @Test
  void eachLineHasTheDigestOfTheOneBeforeOverRestartsAndRotations() throws Exception {
    Path path = directory.resolve("records");
    try (var logs = new LogFiles()) {
      chained(logs.records(path.toString()), "one", "two");
    }
    try (var logs = new LogFiles()) {
      RecordFile file = logs.records(path.toString());
      chained(file, "three", "four " + "x".repeat(100_000));
      logs.reopen(); // the same file
      chained(file, "five");
    }
    try (var logs = new LogFiles()) {
      RecordFile file = logs.records(path.toString());
      Files.move(path, directory.resolve("records.1"));
      chained(file, "six");
      logs.reopen();
      chained(file, "seven", "eight");
    }

    List<String> old = Files.readAllLines(directory.resolve("records.1"));
    assertThat(old).hasSize(6);
    assertChained("0".repeat(64), old);
    assertChained(digest(old.getLast()), Files.readAllLines(path));
  }

  @Test
  void aLineThatACrashCutShortStaysALineAndIsChained() throws Exception {
    Path path = directory.resolve("records");
    Files.writeString(path, "whole\nhal");
    try (var logs = new LogFiles()) {
      chained(logs.records(path.toString()), "next");
    }

    assertThat(Files.readAllLines(path)).containsExactly("whole", "hal", "next " + digest("hal"));
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

package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.log.ErrorLog.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class LogFileTest {
  @TempDir Path directory;
  private final LogFiles files = new LogFiles();

  @AfterEach
  void closeFiles() {
    files.close();
  }

  @Test
  void linesGoToTheFileThatHasTheNameAfterAReopen() throws IOException {
    Path path = directory.resolve("access.log");
    LogFile file = files.open(path.toString());
    LogBuffer buffer = file.buffer();
    append(buffer, "before\n");

    Files.move(path, directory.resolve("access.log.1"));
    List<String> failures = files.reopen();
    append(buffer, "after\n");
    files.flush();

    assertThat(failures).isEmpty();
    assertThat(directory.resolve("access.log.1")).hasContent("before");
    assertThat(path).hasContent("after");
  }

  @Test
  void aFileThatCannotBeReopenedKeepsItsOldPlace() throws IOException {
    Path place = Files.createDirectory(directory.resolve("logs"));
    LogFile file = files.open(place.resolve("a.log").toString());
    Path moved = Files.move(place, directory.resolve("moved"));

    List<String> failures = files.reopen();
    LogBuffer buffer = file.buffer();
    append(buffer, "still here\n");
    files.flush();

    assertThat(failures)
        .containsExactly(
            "open() \"%s/a.log\" failed (2: No such file or directory)".formatted(place));
    assertThat(moved.resolve("a.log")).hasContent("still here");
  }

  @Test
  void openingFailsWithNginxsWords() {
    assertThatThrownBy(() -> files.open(directory + "/no/such/log"))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "open() \"%s/no/such/log\" failed (2: No such file or directory)".formatted(directory));
    assertThatThrownBy(() -> files.open(directory.toString()))
        .hasMessage("open() \"%s\" failed (21: Is a directory)".formatted(directory));
  }

  @Test
  void logsOfOnePathShareOneFileUntilTheLastIsClosed() throws IOException {
    String path = directory.resolve("access.log").toString();

    LogFile first = files.open(path);
    LogFile second = files.open(path);
    first.close();
    LogBuffer buffer = second.buffer();
    append(buffer, "still open\n");
    buffer.close();
    second.close();

    assertThat(first).isSameAs(second);
    assertThat(Path.of(path)).hasContent("still open");
    assertThat(files.open(path)).isNotSameAs(first);
  }

  @Test
  @Timeout(10)
  void aLineIsSeenWithoutAFlush() throws IOException {
    Path path = directory.resolve("access.log");
    LogBuffer buffer = files.open(path.toString()).buffer();

    append(buffer, "one\n");
    awaitSize(path, 4);
    append(buffer, "two\n");
    awaitSize(path, 8);

    assertThat(path).hasContent("one\ntwo");
  }

  @Test
  @Timeout(60)
  void fourLoopsLoseNothingAndTearNothing() throws Exception {
    Path path = directory.resolve("access.log");
    LogFile file = files.open(path.toString());
    int lines = 100_000;

    List<Thread> loops = new ArrayList<>();
    for (int number = 0; number < 4; number++) {
      String prefix = "loop-" + number + " ";
      LogBuffer buffer = file.buffer();
      Thread loop =
          new Loop(() -> {
            for (int i = 0; i < lines; i++) {
              append(buffer, prefix + i + " " + "x".repeat(i % 80) + "\n");
            }
            buffer.close();
          });
      loop.start();
      loops.add(loop);
    }
    for (Thread loop : loops) {
      loop.join();
    }
    files.flush();

    int[] next = new int[4];
    try (var read = Files.lines(path)) {
      read.forEach(line -> {
        int loop = line.charAt(5) - '0';
        int i = next[loop]++;
        assertThat(line).isEqualTo("loop-" + loop + " " + i + " " + "x".repeat(i % 80));
      });
    }
    assertThat(next).containsOnly(lines);
  }

  @Test
  void aLineLongerThanAChunkStaysWhole() throws IOException {
    Path path = directory.resolve("access.log");
    LogBuffer buffer = files.open(path.toString()).buffer();
    String line = "y".repeat(100_000);

    append(buffer, "short\n");
    append(buffer, line + "\n");
    append(buffer, "short\n");
    files.flush();

    assertThat(Files.readString(path)).isEqualTo("short\n" + line + "\nshort\n");
  }

  @Test
  void aBufferHoldsItsBytesBackUntilTheyAreMore() throws IOException {
    Path path = directory.resolve("access.log");
    LogBuffer buffer =
        files.open(path.toString()).buffer(new LogBuffer.Holding(10, Duration.ZERO, 0));
    LogBuffer direct = files.open(path.toString()).buffer();

    append(buffer, "held\n");
    append(direct, "direct\n");
    awaitSize(path, 7);
    append(buffer, "more of it\n");
    awaitSize(path, 7 + 16);

    assertThat(path).hasContent("direct\nheld\nmore of it");
  }

  @Test
  @Timeout(10)
  void aBufferThatIsNotFullIsWrittenAfterItsFlushTime() throws IOException {
    Path path = directory.resolve("access.log");
    LogBuffer buffer =
        files.open(path.toString()).buffer(new LogBuffer.Holding(4096, Duration.ofMillis(20), 0));

    append(buffer, "one\n");
    awaitSize(path, 4);
    append(buffer, "two\n");
    awaitSize(path, 8);

    assertThat(path).hasContent("one\ntwo");
  }

  @Test
  void aCompressedLogIsARowOfWholeGzipMembers() throws IOException {
    Path path = directory.resolve("access.log.gz");
    LogBuffer.Holding compressed = new LogBuffer.Holding(4096, Duration.ZERO, 6);
    LogBuffer buffer = files.open(path.toString()).buffer(compressed);

    append(buffer, "one\n".repeat(3000)); // more than is held, and than a chunk
    append(buffer, "two\n");
    files.flush();
    append(buffer, "three\n");
    files.flush();

    try (var unpacked = new GZIPInputStream(Files.newInputStream(path))) {
      assertThat(new String(unpacked.readAllBytes(), ISO_8859_1))
          .isEqualTo("one\n".repeat(3000) + "two\nthree\n");
    }
    assertThat(Files.size(path)).isLessThan(500);
  }

  @Test
  void whatIsHeldBackIsWrittenAtTheEnd() throws IOException {
    Path path = directory.resolve("access.log");
    try (var ending = new LogFiles()) {
      append(
          ending.open(path.toString()).buffer(new LogBuffer.Holding(4096, Duration.ZERO, 0)),
          "last words\n");
    }

    assertThat(path).hasContent("last words");
  }

  @Test
  void aFullDiskIsReportedOnceAndCounted() throws IOException {
    Path errors = directory.resolve("error.log");
    LogFile full = files.open("/dev/full");
    files.reportTo(
        new ErrorLog(files, List.of(new Target(files.open(errors.toString()), Level.ERROR))));
    LogBuffer buffer = full.buffer();

    append(buffer, "one\n");
    files.flush();
    append(buffer, "two\n");
    files.flush();
    files.flush();

    assertThat(full.failedWrites()).isEqualTo(2);
    assertThat(Files.readString(errors))
        .contains("[alert] ")
        .endsWith(": write() to \"/dev/full\" failed (28: No space left on device)\n")
        .hasLineCount(1);
  }

  private static final class Loop extends Thread implements WritingThread {
    Loop(Runnable work) {
      super(work);
    }
  }

  private static void append(LogBuffer buffer, String line) {
    byte[] bytes = line.getBytes(ISO_8859_1);
    buffer.append(bytes, 0, bytes.length, System.nanoTime());
  }

  private static void awaitSize(Path path, long size) throws IOException {
    while (Files.size(path) < size) {
      Thread.onSpinWait();
    }
  }
}

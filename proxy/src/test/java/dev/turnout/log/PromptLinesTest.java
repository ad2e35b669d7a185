package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.turnout.log.ErrorLog.Target;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Lines that an event loop writes itself.
@Timeout(60)
class PromptLinesTest {
  private static final int ROW = 8;
  private static final int MANY = 5_000;
  private static final String LONG_LINE = "z".repeat(100) + "\n";

  @TempDir Path directory;
  private final LogFiles files = new LogFiles();

  @AfterEach
  void closeFiles() {
    files.close();
  }

  private static final class Loop extends Thread implements WritingThread {
    Loop(Runnable work) {
      super(work, "loop of a test");
    }
  }

  @Test
  void aLineIsInTheFileWhenItWasAppended() throws Exception {
    Path path = directory.resolve("access.log");
    LogBuffer buffer = files.open(path.toString()).buffer();

    assertThat(onLoop(() -> seesEachLine(path, line -> append(buffer, line)))).isTrue();
  }

  @Test
  void aLineOfAnErrorLogIsInTheFileWhenItWasLogged() throws Exception {
    Path path = directory.resolve("error.log");
    ErrorLog log = logAt(path);

    assertThat(onLoop(() -> seesEachLine(path, line -> log.log(Level.WARN, line.strip()))))
        .isTrue();
  }

  @Test
  void aLineWhoseFileIsNamedByVariablesIsThere() throws Exception {
    Path path = directory.resolve("named.log");
    NamedLogs named = files.named(NamedLogs.Keeping.NONE);
    LogDirectory local = files.directory(directory.toString());

    assertThat(
            onLoop(() ->
                seesEachLine(
                    path,
                    line ->
                        named.append(local, path.toString(), directory.toString(), bytes(line)))))
        .isTrue();
  }

  @Test
  void otherThreadsLeaveItToTheWriter() throws Exception {
    Path path = directory.resolve("error.log");
    ErrorLog log = logAt(path);
    files.flush();

    Thread.currentThread().interrupt(); // a write by this thread would close the file
    log.log(Level.WARN, "one");
    boolean interrupted = Thread.interrupted();
    files.flush();

    assertThat(interrupted).isTrue();
    assertThat(path).content().contains("one\n");
  }

  @Test
  void linesThatAreKeptBackAreNotWrittenOneByOne() throws Exception {
    Path path = directory.resolve("access.log");
    LogBuffer buffer =
        files.open(path.toString()).buffer(new LogBuffer.Holding(4096, Duration.ZERO, 0));
    files.flush();

    String seen =
        onLoop(() -> {
          append(buffer, "GET /\n");
          return Files.readString(path);
        });

    assertThat(seen).isEmpty();
  }

  @Test
  void aPipeThatNobodyReadsStopsNoLoop() throws Exception {
    Path pipe = pipe();
    Path path = directory.resolve("error.log");
    try (var reader = new RandomAccessFile(pipe.toFile(), "rw")) { // both ends: never waits here
      LogBuffer buffer = files.open(pipe.toString()).buffer();
      ErrorLog log = logAt(path);
      files.flush();

      boolean loopWentOn =
          onLoop(() -> {
            for (int i = 0; i < MANY; i++) {
              append(buffer, LONG_LINE); // more than the pipe holds: the writer is stuck
            }
            log.log(Level.WARN, "to a file, while the writer is stuck");
            return true;
          });
      byte[] all = new byte[MANY * LONG_LINE.length()];
      reader.readFully(all);
      files.flush();

      assertThat(loopWentOn).isTrue();
      assertThat(new String(all, ISO_8859_1)).isEqualTo(LONG_LINE.repeat(MANY));
      assertThat(path).content().contains("while the writer is stuck\n");
    }
  }

  @Test
  void aFullDiskIsReportedByTheLoopThatMetIt() throws Exception {
    Path path = directory.resolve("error.log");
    ErrorLog log = logAt(path);
    files.reportTo(log);
    LogFile full = files.open("/dev/full");
    LogBuffer buffer = full.buffer();

    onLoop(() -> {
      append(buffer, "lost\n");
      return true;
    });
    files.flush();
    files.flush(); // the report itself is a line

    assertThat(full.failedWrites()).isEqualTo(1);
    assertThat(path).content().contains("write() to \"/dev/full\" failed (28: No space left");
  }

  @Test
  void aWriteThatTookLongKeepsLoopsAwayForAWhile() {
    var times = new WriteTimes();
    long second = Duration.ofSeconds(1).toNanos();

    times.took(0, second / 10);
    boolean afterAFastOne = times.arePrompt(second);
    times.took(second, 2 * second);

    assertThat(afterAFastOne).isTrue();
    assertThat(times.arePrompt(3 * second)).isFalse();
    assertThat(times.arePrompt(12 * second)).isFalse();
    assertThat(times.arePrompt(13 * second)).isTrue();
  }

  @Test
  void trafficIsLightUpToAThousandLinesASecond() {
    var traffic = new LightTraffic(0);
    long now = 0;

    for (int i = 0; i < 256; i++) {
      assertThat(traffic.isLightWith(now)).isTrue(); // at once
    }
    assertThat(traffic.isLightWith(now)).isFalse();
    for (int i = 0; i < 10_000; i++) {
      now += 900_000;
      assertThat(traffic.isLightWith(now)).isFalse(); // 1,111 a second
    }
    now += 2_000_000;
    assertThat(traffic.isLightWith(now)).isTrue();
    for (int i = 0; i < 10_000; i++) {
      now += 1_100_000;
      assertThat(traffic.isLightWith(now)).isTrue(); // 909 a second
    }
  }

  /// Logs lines in rows until each of a row was in the file right after it was logged. One row will
  /// do, unless the writer was still about to look whether there is something to write.
  private boolean seesEachLine(Path path, Consumer<String> log) throws IOException {
    assumeTrue(LocalDisk.holds(directory));
    for (int row = 0; ; row++) {
      files.flush();
      int seen = 0;
      for (int i = 0; i < ROW; i++) {
        String line = "line " + row + "-" + i + "\n";
        log.accept(line);
        seen += Files.exists(path) && Files.readString(path).endsWith(line) ? 1 : 0;
      }
      if (seen == ROW) {
        return true;
      }
    }
  }

  private Path pipe() throws IOException, InterruptedException {
    Path pipe = directory.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    return pipe;
  }

  private ErrorLog logAt(Path path) throws IOException {
    return new ErrorLog(files, List.of(new Target(files.open(path.toString()), Level.INFO)));
  }

  private static <T> T onLoop(Callable<T> work) throws Exception {
    var task = new FutureTask<>(work);
    new Loop(task).start();
    return task.get();
  }

  private static void append(LogBuffer buffer, String line) {
    byte[] bytes = bytes(line);
    buffer.append(bytes, 0, bytes.length, System.nanoTime());
  }

  private static byte[] bytes(String line) {
    return line.getBytes(ISO_8859_1);
  }
}

package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NamedLogsTest {
  @TempDir Path directory;
  private final LogFiles files = new LogFiles();
  private Path errors = Path.of("");

  @BeforeEach
  void reportErrors() throws IOException {
    errors = directory.resolve("error.log");
    files.reportTo(
        new ErrorLog(
            files, List.of(new ErrorLog.Target(files.open(errors.toString()), Level.ERROR))));
  }

  @AfterEach
  void closeFiles() {
    files.close();
  }

  @Test
  void eachLineGoesToTheFileOfItsName() {
    NamedLogs logs = files.named(NamedLogs.Keeping.NONE);

    append(logs, "a.log", "one\n");
    append(logs, "b.log", "two\n");
    append(logs, "a.log", "three\n");
    files.flush();

    assertThat(directory.resolve("a.log")).hasContent("one\nthree");
    assertThat(directory.resolve("b.log")).hasContent("two");
  }

  @Test
  void aFileThatIsNotKeptIsFoundByItsNameEachTime() throws IOException {
    NamedLogs logs = files.named(NamedLogs.Keeping.NONE);

    append(logs, "a.log", "before\n");
    files.flush();
    Files.move(directory.resolve("a.log"), directory.resolve("moved.log"));
    append(logs, "a.log", "after\n");
    files.flush();

    assertThat(directory.resolve("moved.log")).hasContent("before");
    assertThat(directory.resolve("a.log")).hasContent("after");
  }

  @Test
  void aFileIsKeptOpenOnceItIsUsedOftenEnough() throws IOException {
    NamedLogs logs = files.named(keeping(3, 2));

    append(logs, "often.log", "1\n");
    append(logs, "often.log", "2\n");
    append(logs, "once.log", "1\n");
    files.flush();
    Files.move(directory.resolve("often.log"), directory.resolve("often.moved"));
    Files.move(directory.resolve("once.log"), directory.resolve("once.moved"));
    append(logs, "often.log", "3\n");
    append(logs, "once.log", "2\n");
    files.flush();

    assertThat(directory.resolve("often.moved")).hasContent("1\n2\n3");
    assertThat(directory.resolve("once.moved")).hasContent("1");
  }

  @Test
  void ofTooManyFilesTheOneUsedLongestAgoIsClosed() throws IOException {
    NamedLogs logs = files.named(keeping(2, 1));

    append(logs, "a.log", "1\n");
    append(logs, "b.log", "1\n");
    append(logs, "c.log", "1\n");
    files.flush();
    for (String name : List.of("a", "b", "c")) {
      Files.move(directory.resolve(name + ".log"), directory.resolve(name + ".moved"));
    }
    append(logs, "c.log", "2\n");
    append(logs, "b.log", "2\n");
    append(logs, "a.log", "2\n");
    files.flush();

    assertThat(directory.resolve("a.log")).hasContent("2");
    assertThat(directory.resolve("b.moved")).hasContent("1\n2");
    assertThat(directory.resolve("c.moved")).hasContent("1\n2");
  }

  @Test
  void nothingIsLoggedWhereNoSiteIs() {
    NamedLogs logs = files.named(NamedLogs.Keeping.NONE);

    logs.append(
        LogDirectory.UNKNOWN,
        directory.resolve("a.log").toString(),
        directory.resolve("none").toString(),
        "lost\n".getBytes(ISO_8859_1));
    flushWithReports();

    assertThat(directory.resolve("a.log")).doesNotExist();
    assertThat(errors).content().contains("testing \"" + directory + "/none\" existence failed");
  }

  @Test
  void aFileThatCannotBeOpenedIsReportedAndTheOthersStay() {
    NamedLogs logs = files.named(keeping(1, 1));

    append(logs, "a.log", "1\n");
    append(logs, "no/such.log", "lost\n");
    append(logs, "a.log", "2\n");
    flushWithReports();

    assertThat(directory.resolve("a.log")).hasContent("1\n2");
    assertThat(errors)
        .content()
        .contains("open() \"" + directory + "/no/such.log\" failed (2: No such file or directory)");
  }

  /// What writing had to report is a line that comes after those that were waiting.
  private void flushWithReports() {
    files.flush();
    files.flush();
  }

  private static NamedLogs.Keeping keeping(int most, int uses) {
    return new NamedLogs.Keeping(most, Duration.ofHours(1), uses, Duration.ofHours(1));
  }

  private void append(NamedLogs logs, String name, String line) {
    logs.append(
        LogDirectory.UNKNOWN,
        directory.resolve(name).toString(),
        directory.toString(),
        line.getBytes(ISO_8859_1));
  }
}

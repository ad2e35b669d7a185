package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.log.ErrorLog.Target;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.TimeZone;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorLogTest {
  private static final Instant NOON = Instant.parse("2026-11-22T13:40:00Z");
  private static final long PID = ProcessHandle.current().pid();
  private static final long TID = Thread.currentThread().threadId();

  @TempDir Path directory;
  private final LogFiles files = new LogFiles(new LogTime(() -> NOON, TimeZone.getTimeZone("UTC")));

  @AfterEach
  void closeFiles() {
    files.close();
  }

  @Test
  void aLineHasNginxsFormat() throws IOException {
    ErrorLog log = logAt("error.log", Level.ERROR);

    log.log(Level.ERROR, 45, "connect() failed, client: 127.0.0.1");
    log.log(Level.ALERT, "no connection here");

    String process = PID + "#" + TID;
    assertThat(written("error.log"))
        .isEqualTo(
            "2026/11/22 13:40:00 [error] %s: *45 connect() failed, client: 127.0.0.1\n"
                    .formatted(process)
                + "2026/11/22 13:40:00 [alert] %s: no connection here\n".formatted(process));
  }

  @Test
  void eachTargetTakesTheLinesOfItsOwnLevel() throws IOException {
    var log =
        new ErrorLog(
            files,
            List.of(
                new Target(open("some.log"), Level.WARN),
                new Target(open("more.log"), Level.INFO)));

    log.log(Level.WARN, "both");
    log.log(Level.INFO, "one");
    log.log(Level.DEBUG, "none");

    assertThat(log.isEnabled(Level.INFO)).isTrue();
    assertThat(log.isEnabled(Level.DEBUG)).isFalse();
    assertThat(written("some.log")).containsSubsequence("both").doesNotContain("one");
    assertThat(written("more.log")).containsSubsequence("both", "one").doesNotContain("none");
  }

  @Test
  void aDebuggingLogTakesEverything() throws IOException {
    ErrorLog log = logAt("error.log", Level.ERROR);

    log.debugging().log(Level.DEBUG, 7, "http process request line");

    assertThat(written("error.log")).endsWith("*7 http process request line\n");
  }

  @Test
  void whatAClientSentCannotBeginALine() throws IOException {
    ErrorLog log = logAt("error.log", Level.ERROR);

    log.log(Level.ERROR, 1, "open() \"/a\r\n2026/11/22 [emerg] \u0000\u001b[1m\u007f\tcaf\u00e9\"");

    assertThat(written("error.log"))
        .endsWith("open() \"/a\\x0D\\x0A2026/11/22 [emerg] \\x00\\x1B[1m\\x7F\tcaf\u00e9\"\n")
        .hasLineCount(1);
  }

  @Test
  void verbatimTextKeepsItsLines() throws IOException {
    ErrorLog log = logAt("error.log", Level.ERROR);

    log.logVerbatim(Level.ERROR, 1, "lua: oops\nstack traceback:\n\tx");

    assertThat(written("error.log")).endsWith("*1 lua: oops\nstack traceback:\n\tx\n");
  }

  @Test
  void aBugIsLoggedWithItsStackOneFrameALine() throws IOException {
    ErrorLog log = logAt("error.log", Level.ERROR);

    log.log(
        Level.ERROR,
        3,
        "handler failed",
        new IllegalStateException("bad\nstate", new IOException()));

    assertThat(written("error.log").lines())
        .allMatch(line -> line.startsWith("2026/11/22 13:40:00 [error] " + PID + "#"))
        .anyMatch(
            line -> line.endsWith("handler failed: java.lang.IllegalStateException: bad\\x0Astate"))
        .anyMatch(line -> line.contains("at dev.turnout.log.ErrorLogTest."))
        .anyMatch(line -> line.endsWith("caused by java.io.IOException"));
  }

  @Test
  void aLineIsCutWhereNginxCutsIt() throws IOException {
    ErrorLog log = logAt("error.log", Level.ERROR);

    log.log(Level.ERROR, "x".repeat(5000));

    assertThat(written("error.log")).hasSize(2048).endsWith("x\n");
  }

  @Test
  void criticalLinesAreOnDiskWhenTheCallReturns() throws IOException {
    ErrorLog log = logAt("error.log", Level.ERROR);

    log.log(Level.ERROR, "first");
    log.log(Level.CRIT, "second");

    assertThat(Files.readString(directory.resolve("error.log"))).contains("first", "second");
  }

  @Test
  void linesThatFindNoRoomAreCountedAndTheCountIsLogged() throws Exception {
    var time = new LogTime(() -> NOON, TimeZone.getTimeZone("UTC"));
    try (var small = new LogFiles(time, 10)) {
      LogFile file = small.open(directory.resolve("error.log").toString());
      var log = new ErrorLog(small, List.of(new Target(file, Level.ERROR)));
      small.reportTo(log);
      var release = new CountDownLatch(1);
      small.writer().post(() -> awaitQuietly(release));

      for (int i = 0; i < 25; i++) {
        log.log(Level.ERROR, "line " + i);
      }
      release.countDown();
      small.flush();
    }

    assertThat(Files.readString(directory.resolve("error.log")))
        .contains("line 9\n", "[error] ", ": 15 log lines dropped\n")
        .doesNotContain("line 10\n");
  }

  @Test
  void syslogGetsOneDatagramALineWithThePriorityOfItsLevel() throws IOException {
    try (var server = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      server.setSoTimeout(5000);
      String argument =
          "syslog:server=127.0.0.1:%d,facility=daemon,tag=edge,nohostname"
              .formatted(server.getLocalPort());
      var log = new ErrorLog(files, List.of(new Target(files.syslog(argument), Level.INFO)));

      log.log(Level.ERROR, 5, "one");
      log.log(Level.INFO, "two");

      assertThat(receive(server))
          .isEqualTo(
              "<27>Nov 22 13:40:00 edge: 2026/11/22 13:40:00 [error] %d#%d: *5 one"
                  .formatted(PID, TID));
      assertThat(receive(server)).startsWith("<30>Nov 22 13:40:00 edge: ").endsWith(": two");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "syslog:tag=a | no syslog server specified",
        "syslog:server=127.0.0.1,server=127.0.0.1 | duplicate syslog \"server\"",
        "syslog:server=127.0.0.1,facility=x | unknown syslog facility \"x\"",
        "syslog:server=127.0.0.1,severity=x | unknown syslog severity \"x\"",
        "syslog:server=127.0.0.1,tag=a-b"
            + " | syslog \"tag\" only allows alphanumeric characters and underscore",
        "syslog:server=127.0.0.1,tag=aaaaaaaaaabbbbbbbbbbccccccccccddd"
            + " | syslog tag length exceeds 32",
        "syslog:server=127.0.0.1,x=y | unknown syslog parameter \"x=y\"",
        "syslog:server=127.0.0.1:x | invalid port in syslog server \"127.0.0.1:x\"",
      })
  void aBadSyslogArgumentIsRefusedInNginxsWords(String row) {
    String[] parts = row.split(" \\| ", 2);

    assertThatThrownBy(() -> files.syslog(parts[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(parts[1]);
  }

  @Test
  void levelsAreOrderedAsInNginx() {
    assertThat(Level.WARN.includes(Level.ERROR)).isTrue();
    assertThat(Level.WARN.includes(Level.NOTICE)).isFalse();
    assertThat(Level.named("emerg")).contains(Level.EMERG);
    assertThat(Level.named("EMERG")).isEmpty();
  }

  private ErrorLog logAt(String name, Level level) throws IOException {
    return new ErrorLog(files, List.of(new Target(open(name), level)));
  }

  private LogFile open(String name) throws IOException {
    return files.open(directory.resolve(name).toString());
  }

  private String written(String name) throws IOException {
    files.flush();
    return Files.readString(directory.resolve(name), ISO_8859_1);
  }

  private static String receive(DatagramSocket server) throws IOException {
    var packet = new DatagramPacket(new byte[4096], 4096);
    server.receive(packet);
    return new String(packet.getData(), 0, packet.getLength(), ISO_8859_1);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}

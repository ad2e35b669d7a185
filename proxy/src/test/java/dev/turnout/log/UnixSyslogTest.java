package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.testkit.Installed;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Syslog servers on unix sockets, played by a few lines of Python: Java cannot be one.
class UnixSyslogTest {
  private static final String SERVER =
      """
      import socket, sys
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      s.bind(sys.argv[1])
      print("bound", flush=True)
      while True:
          print(s.recv(65536).decode("latin1"), flush=True)
      """;

  @TempDir Path directory;
  private final LogFiles files = new LogFiles();

  @AfterEach
  void closeFiles() {
    files.close();
  }

  @Test
  @Timeout(30)
  void linesAreDatagramsToTheSocket() throws Exception {
    Installed.need("python3", "python3");
    Path socket = directory.resolve("log");
    Process server =
        new ProcessBuilder("python3", "-c", SERVER, socket.toString())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader heard =
        new BufferedReader(new InputStreamReader(server.getInputStream(), ISO_8859_1))) {
      assertThat(heard.readLine()).isEqualTo("bound");
      Syslog syslog = files.syslog("syslog:server=unix:" + socket + ",tag=t,nohostname");

      syslog.send("first".getBytes(ISO_8859_1));
      syslog.send("second".getBytes(ISO_8859_1));

      assertThat(heard.readLine()).matches("<190>.* t: first");
      assertThat(heard.readLine()).matches("<190>.* t: second");
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  @Test
  void aSocketThatIsNotThereIsReported() throws IOException {
    Path errors = directory.resolve("error.log");
    files.reportTo(
        new ErrorLog(
            files, List.of(new ErrorLog.Target(files.open(errors.toString()), Level.ERROR))));

    files.syslog("syslog:server=unix:" + directory + "/none").send("lost".getBytes(ISO_8859_1));
    files.flush();
    files.flush();

    assertThat(Files.readString(errors))
        .contains("send() failed (2: No such file or directory) while logging to syslog");
  }

  @Test
  void aServerWithoutAPathIsRefused() {
    assertThatThrownBy(() -> files.syslog("syslog:server=unix:"))
        .hasMessage("no path in syslog server \"unix:\"");
  }
}

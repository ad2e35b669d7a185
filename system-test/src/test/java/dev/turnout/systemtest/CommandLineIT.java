package dev.turnout.systemtest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// nginx's command line on the built program.
class CommandLineIT {
  @TempDir private Path prefix;

  @Test
  void itSaysItsVersion() throws Exception {
    Turnout.Ended version = Turnout.run("-v");
    assertThat(version.status()).isZero();
    assertThat(version.output()).startsWith("nginx version: nginx/1.").endsWith("\n");

    Turnout.Ended build = Turnout.run("-V");
    assertThat(build.status()).isZero();
    assertThat(build.output()).contains("nginx version: nginx/1.", "configure arguments:");
  }

  @Test
  void aGoodFileIsFoundGood() throws Exception {
    Turnout.Ended tested =
        test("events {} http { access_log off; server { listen 127.0.0.1:12001; } }");

    assertThat(tested.status()).as(tested.output()).isZero();
    assertThat(tested.output())
        .contains("nginx.conf syntax is ok", "nginx.conf test is successful");
  }

  @Test
  void aBadFileIsFoundBadAndWhere() throws Exception {
    Turnout.Ended tested = test("events {}\nhttp {\n  nonsense on;\n}\n");

    assertThat(tested.status()).isEqualTo(1);
    assertThat(tested.output())
        .contains("[emerg]", "unknown directive \"nonsense\"", "nginx.conf:3")
        .contains("test failed");
  }

  @Test
  void serversThatListenAlikeAreNoGoodSyntax() throws Exception {
    Turnout.Ended tested =
        test(
            "events {} http { access_log off; server { listen 12001; }\nserver { listen 12001; listen 12001; } }");

    assertThat(tested.status()).isEqualTo(1);
    assertThat(tested.output())
        .startsWith("nginx: [emerg] a duplicate listen 0.0.0.0:12001 in ")
        .contains("nginx.conf:2")
        .doesNotContain("syntax is ok");
  }

  @Test
  void aUserWhoIsNotThereIsFoundOut() throws Exception {
    boolean root = System.getProperty("user.name").equals("root");
    Turnout.Ended tested = test("user nobody-of-this-name;\nevents {}");

    assertThat(tested.status()).isEqualTo(root ? 1 : 0);
    assertThat(tested.output())
        .contains(
            root
                ? "[emerg] getpwnam(\"nobody-of-this-name\") failed in "
                : "[warn] the \"user\" directive makes sense only if the master process runs with");
  }

  @Test
  void aRunningProgramIsReloadedAndEnded() throws Exception {
    try (var b1 = FakeUpstream.named("b1");
        var b2 = FakeUpstream.named("b2");
        var turnout = Turnout.start(site(b1.address()))) {
      Files.writeString(
          turnout.configuration(),
          Files.readString(turnout.configuration(), ISO_8859_1).replace(b1.address(), b2.address()),
          ISO_8859_1);

      assertThat(tell(turnout, "reload").status()).isZero();
      Eventually.until(
          Duration.ofSeconds(20),
          () -> RawClient.get(turnout.port(), "a.test", "/").body().equals("b2"),
          () -> "not reloaded");

      assertThat(tell(turnout, "quit").status()).isZero();
      assertThat(turnout.awaitEnd()).isZero();
      assertThat(turnout.read("nginx.pid")).isEmpty();
    }
  }

  @Test
  void theLoopsHaveThePriorityOfTheConfigurationThatServes() throws Exception {
    try (var turnout = Turnout.start("")) {
      awaitNiceLoops(turnout, 0);
      Files.writeString(
          turnout.configuration(),
          "worker_priority 3;\n" + Files.readString(turnout.configuration(), ISO_8859_1),
          ISO_8859_1);

      turnout.signal("HUP");
      awaitNiceLoops(turnout, 3);

      turnout.kill();
      turnout.start();
      awaitNiceLoops(turnout, 3);
    }
  }

  private static void awaitNiceLoops(Turnout turnout, int nice) throws Exception {
    List<String> both = List.of(Integer.toString(nice), Integer.toString(nice));
    Eventually.until(
        Duration.ofSeconds(20),
        () -> niceLoops(turnout).equals(both),
        () -> niceLoops(turnout).toString());
  }

  /// The nice value of each event loop: field 19 of its thread's line.
  private static List<String> niceLoops(Turnout turnout) {
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + turnout.pid() + "/task"))) {
      return threads
          .map(CommandLineIT::statusLine)
          .filter(line -> line.contains("(worker-"))
          .map(line -> line.substring(line.lastIndexOf(')') + 2).split(" ", -1)[16])
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String statusLine(Path thread) {
    try {
      return Files.readString(thread.resolve("stat"));
    } catch (IOException _) {
      return ""; // ended meanwhile
    }
  }

  @Test
  void aRequestThatRunsIsServedBeforeItQuits() throws Exception {
    var mayAnswer = new CountDownLatch(1);
    try (var upstream =
            FakeUpstream.each((_, connection) -> {
              mayAnswer.await();
              connection.send(Answers.ok("last"));
            });
        var turnout = Turnout.start(site(upstream.address()));
        var client = RawClient.connect(turnout.port())) {
      client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
      upstream.awaitRequests(1);
      turnout.signal("QUIT");
      Eventually.until(
          Duration.ofSeconds(20), () -> refuses(turnout.port()), () -> "still listens");
      mayAnswer.countDown();

      assertThat(client.readResponse().body()).isEqualTo("last");
      assertThat(turnout.awaitEnd()).isZero();
    }
  }

  @Test
  void aGracefulEndThatTakesTooLongCanBeStoppedAtOnce() throws Exception {
    try (var upstream = FakeUpstream.each((_, connection) -> connection.read()); // never answers
        var turnout = Turnout.start(site(upstream.address()));
        var client = RawClient.connect(turnout.port())) {
      client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
      upstream.awaitRequests(1);
      turnout.signal("QUIT");
      Eventually.until(
          Duration.ofSeconds(20), () -> refuses(turnout.port()), () -> "still listens");

      turnout.signal("TERM");

      assertThat(turnout.awaitEnd()).isZero();
      assertThat(turnout.read("error.log")).contains("signal 15 (SIGTERM) received, exiting");
    }
  }

  @Test
  void aNodeThatTakesNoMoreConnectionsDoesSoAgainAfterAReload() throws Exception {
    try (var upstream = FakeUpstream.answering("hello");
        var turnout = Turnout.start(site(upstream.address()))) {
      turnout.signal("WINCH");
      Eventually.until(
          Duration.ofSeconds(20), () -> refuses(turnout.port()), () -> "still listens");

      turnout.reload();

      try (var client = RawClient.connect(turnout.port())) {
        for (int i = 0; i < 2; i++) {
          client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
          assertThat(client.readResponse().body()).isEqualTo("hello");
        }
      }
    }
  }

  private static boolean refuses(int port) {
    try {
      RawClient.connect(port).close();
      return false;
    } catch (IOException _) {
      return true;
    }
  }

  private Turnout.Ended test(String text) throws Exception {
    Files.writeString(prefix.resolve("nginx.conf"), text);
    return Turnout.run("-t", "-p", prefix + "/", "-c", "nginx.conf", "-e", "error.log");
  }

  private static Turnout.Ended tell(Turnout turnout, String signal) throws Exception {
    return Turnout.run(
        "-s", signal, "-p", turnout.prefix() + "/", "-c", "nginx.conf", "-e", "error.log");
  }

  private static String site(String upstream) {
    return """
      server { listen 127.0.0.1:@PORT@; location / { proxy_pass http://%s; } }
    """
        .formatted(upstream);
  }
}

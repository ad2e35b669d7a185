package dev.turnout.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DaemonTest {
  @TempDir Path directory;

  @Test
  void theParentLeavesWithSuccessWhenTheChildServes() throws Exception {
    Path errors = directory.resolve("error.log");
    ProcessBuilder command =
        new ProcessBuilder(
            ChildJvm.command(Background.class, "two words", "", errors.toString(), pid()));

    try (var parent = ChildJvm.start(command.redirectErrorStream(true))) {
      // Both streams are at their end although the child lives: it has let go of them.
      assertThat(parent.rest()).containsExactly("said before it was ready");
      assertThat(parent.awaitExit()).isZero();
    }

    String[] said = Files.readString(Path.of(pid())).split(" ", 2);
    ProcessHandle child = ProcessHandle.of(Long.parseLong(said[0])).orElseThrow();
    try {
      assertThat(said[1]).isEqualTo("[two words, ]");
      assertThat(sessionOf(child.pid())).isEqualTo(child.pid());
      assertThat(Files.readString(errors)).isEqualTo("said too late for the terminal\n");
    } finally {
      child.destroyForcibly();
      child.onExit().get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void aChildServesEvenIfItsErrorFileCannotBeOpened() throws Exception {
    Path errors = directory.resolve("missing/error.log");
    ProcessBuilder command =
        new ProcessBuilder(
            ChildJvm.command(Background.class, "deaf", "", errors.toString(), pid()));

    try (var parent = ChildJvm.start(command.redirectErrorStream(true))) {
      assertThat(parent.awaitExit()).isZero();
      assertThat(parent.rest()).containsExactly("said before it was ready");
    }

    long child = Long.parseLong(Files.readString(Path.of(pid())).split(" ", 2)[0]);
    ProcessHandle.of(child).orElseThrow().destroyForcibly();
  }

  @Test
  void theParentPassesOnTheChildsErrorAndStatus() throws Exception {
    ProcessBuilder command = new ProcessBuilder(ChildJvm.command(Background.class, "fail"));

    try (var parent = ChildJvm.start(command.redirectErrorStream(true))) {
      assertThat(parent.rest()).containsExactly("nginx: [emerg] bind() failed");
      assertThat(parent.awaitExit()).isEqualTo(3);
    }
  }

  @Test
  void aChildThatEndsWithoutServingIsAFailureEvenWithStatusZero() throws Exception {
    ProcessBuilder command = new ProcessBuilder(ChildJvm.command(Background.class, "leave"));

    try (var parent = ChildJvm.start(command.redirectErrorStream(true))) {
      assertThat(parent.awaitExit()).isEqualTo(1);
    }
  }

  /// The file in which the child says who it is.
  private String pid() {
    return directory.resolve("pid").toString();
  }

  private static long sessionOf(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    String[] behindName = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return Long.parseLong(behindName[3]);
  }

  /// A server that serves nothing: goes to the background, or fails to.
  static final class Background {
    public static void main(String[] arguments) throws IOException, InterruptedException {
      if (!Daemon.isChild()) {
        System.exit(Daemon.spawnAndAwaitReady());
      }
      Daemon.childStarts();
      switch (arguments[0]) {
        case "fail" -> {
          System.err.println("nginx: [emerg] bind() failed");
          System.exit(3);
        }
        case "leave" -> System.exit(0);
        default -> serve(arguments);
      }
    }

    private static void serve(String[] arguments) throws IOException, InterruptedException {
      System.out.println("said before it was ready");
      Path errors = Path.of(arguments[2]);
      String said =
          "%d [%s, %s]".formatted(ProcessHandle.current().pid(), arguments[0], arguments[1]);
      Files.writeString(Path.of(arguments[3]), said);
      if (arguments[0].equals("two words")) {
        Files.writeString(errors, "");
      }
      Daemon.childReady(errors.toString());
      System.err.println("said too late for the terminal");
      new CountDownLatch(1).await();
    }
  }
}

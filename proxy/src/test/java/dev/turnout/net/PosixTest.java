package dev.turnout.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.turnout.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PosixTest {
  @TempDir Path directory;

  @Test
  void aFailureHasNginxsWords() {
    assertThatThrownBy(() -> Posix.kill(0x3FFFFFFF, PosixSignal.TERM))
        .isInstanceOf(IOException.class)
        .hasMessage("kill(1073741823, 15) failed (3: No such process)");
  }

  @Test
  void aSignalReachesTheProcess() throws Exception {
    try (var child = ChildJvm.start(Acting.class, "wait")) {
      assertThat(child.line()).isEqualTo("waiting");

      Posix.kill(child.pid(), PosixSignal.TERM);

      assertThat(child.awaitExit()).isEqualTo(128 + 15);
    }
  }

  @Test
  void theMaskOfNewFilesIsSet() throws Exception {
    Path file = directory.resolve("made");

    assertThat(output("umask", file.toString())).hasSize(1);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void theLimitOfOpenFilesIsSet() throws Exception {
    assertThat(output("nofile")).containsExactly("200", "Max open files 200 200 files");
  }

  @Test
  void aProcessGivesUpRootInAllItsThreads() throws Exception {
    assumeTrue(isRoot(), "only root can become somebody else");

    assertThat(output("process"))
        .containsExactly(
            "Uid: 65534 65534 65534 65534",
            "Gid: 65533 65533 65533 65533",
            "Groups: 12 65533",
            "other thread Uid: 65534 65534 65534 65534",
            "setgid(0) failed (1: Operation not permitted)");
  }

  @Test
  void aThreadGivesUpRootAlone() throws Exception {
    assumeTrue(isRoot(), "only root can become somebody else");

    assertThat(output("thread"))
        .containsExactly(
            "Uid: 65534 65534 65534 65534",
            "Gid: 65533 65533 65533 65533",
            "Groups: 12 65533",
            "other thread Uid: 0 0 0 0",
            "setgid(0) failed (1: Operation not permitted)");
  }

  @Test
  void aThreadThatGoesLastStartsOthersThatDoToo() throws Exception {
    assertThat(output("schedule", "7")).containsExactly("nice 7, child 7, another thread 0");
  }

  @Test
  void aThreadThatGoesFirstStartsOthersThatDoNot() throws Exception {
    assumeTrue(isRoot(), "only root can go first");

    assertThat(output("schedule", "-7")).containsExactly("nice -7, child 0, another thread 0");
  }

  @Test
  void withoutNativeAccessEachCallSaysSo() throws Exception {
    List<String> command = new ArrayList<>(ChildJvm.command(Acting.class, "nofile"));
    command.remove("--enable-native-access=ALL-UNNAMED");
    command.add(1, "--illegal-native-access=deny");
    try (var child = ChildJvm.start(new ProcessBuilder(command))) {
      assertThat(child.line()).startsWith("native calls are not available: Illegal native access");
    }
  }

  @Test
  void theHandlersInstructionsAreThoseOfItsMachine() {
    HexFormat hex = HexFormat.of();

    assertThat(hex.formatHex(SignalPipe.handler("amd64", 0x11223344)))
        .isEqualTo("f30f1efa57bf443322114889e6ba01000000b8010000000f055fc3");
    assertThat(hex.formatHex(SignalPipe.handler("aarch64", 0x33441122)))
        .isEqualTo(
            "ff4300d1e00300b9402482528068a672e1030091"
                + "220080d2080880d2010000d4ff430091c0035fd6");
  }

  private static boolean isRoot() throws IOException {
    return Acting.statusOf("self", "Uid:").equals("Uid: 0 0 0 0");
  }

  private static List<String> output(String... arguments) throws Exception {
    try (var child = ChildJvm.start(Acting.class, arguments)) {
      return child.rest();
    }
  }

  /// Changes itself in the way it is told and prints what came of it.
  static final class Acting {
    private static final Accounts.User SOMEBODY = new Accounts.User("somebody", 65534, 65533);

    public static void main(String[] arguments) throws Exception {
      try {
        act(arguments);
      } catch (IOException e) {
        System.out.println(e.getMessage());
      }
    }

    /// The nice value of the calling thread: field 19 of its line.
    private static String nice() {
      try {
        String line = Files.readString(Path.of("/proc/thread-self/stat"));
        return line.substring(line.lastIndexOf(')') + 2).split(" ", -1)[16];
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void act(String[] arguments) throws Exception {
      switch (arguments[0]) {
        case "wait" -> {
          System.out.println("waiting");
          Thread.currentThread().join();
        }
        case "umask" -> {
          Posix.umask(077);
          System.out.println(Files.createFile(Path.of(arguments[1])));
        }
        case "schedule" -> {
          int nice = Integer.parseInt(arguments[1]);
          List<String> told = Collections.synchronizedList(new ArrayList<>());
          Thread scheduled =
              Thread.ofPlatform()
                  .start(() -> {
                    try {
                      Posix.scheduleThisThread(nice, 100_000);
                      Thread child =
                          Thread.ofPlatform().unstarted(() -> told.add("child " + nice()));
                      told.add("nice " + nice());
                      child.start();
                      child.join();
                    } catch (IOException | InterruptedException e) {
                      told.add(String.valueOf(e.getMessage()));
                    }
                  });
          scheduled.join();
          told.add("another thread " + nice());
          System.out.println(String.join(", ", told));
        }
        case "nofile" -> {
          Posix.limitOpenFiles(200);
          System.out.println(Posix.openFilesLimit());
          System.out.println(lineOf("/proc/self/limits", "Max open files"));
        }
        case "process" -> {
          Posix.becomeUser(SOMEBODY, 65533, List.of(65533, 12));
          showIdentities();
          Posix.becomeUser(new Accounts.User("root", 0, 0), 0, List.of());
        }
        case "thread" -> {
          Posix.becomeUserOnThisThread(SOMEBODY, 65533, List.of(65533, 12));
          showIdentities();
          Posix.becomeUserOnThisThread(new Accounts.User("root", 0, 0), 0, List.of());
        }
        default -> throw new IllegalArgumentException(arguments[0]);
      }
    }

    private static void showIdentities() throws IOException {
      for (String name : List.of("Uid:", "Gid:", "Groups:")) {
        System.out.println(statusOf("thread-self", name));
      }
      // The thread that started the JVM, which waits for the one that runs this.
      System.out.println("other thread " + statusOf("self", "Uid:"));
    }

    static String statusOf(String process, String name) throws IOException {
      return lineOf("/proc/" + process + "/status", name);
    }

    private static String lineOf(String file, String start) throws IOException {
      return Files.readAllLines(Path.of(file)).stream()
          .filter(line -> line.startsWith(start))
          .findFirst()
          .orElseThrow()
          .strip()
          .replaceAll("\\s+", " ");
    }
  }
}

package dev.turnout.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.ChildJvm;
import dev.turnout.net.Posix;
import dev.turnout.net.PosixSignal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class SignalsTest {
  @ParameterizedTest
  @EnumSource(PosixSignal.class)
  void aSignalRunsItsReactionOnceEachTime(PosixSignal signal) throws Exception {
    try (var child = ChildJvm.start(Reacting.class)) {
      assertThat(child.line()).isEqualTo("ready");

      Posix.kill(child.pid(), signal);
      assertThat(child.line()).isEqualTo(signal + " on signals");
      Posix.kill(child.pid(), signal);
      assertThat(child.line()).isEqualTo(signal + " on signals");
    }
  }

  @Test
  void signalsThatTheParentIgnoredAreCaughtAsWell() throws Exception {
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "trap '' HUP INT; exec \"$@\"", "x"));
    command.addAll(ChildJvm.command(Reacting.class));
    try (var child = ChildJvm.start(new ProcessBuilder(command))) {
      assertThat(child.line()).isEqualTo("ready");

      Posix.kill(child.pid(), PosixSignal.HUP);
      assertThat(child.line()).isEqualTo("HUP on signals");
      Posix.kill(child.pid(), PosixSignal.INT);
      assertThat(child.line()).isEqualTo("INT on signals");
    }
  }

  @Test
  void aReactionThatThrowsDoesNotEndTheOthers() throws Exception {
    try (var child = ChildJvm.start(Reacting.class, "HUP")) {
      assertThat(child.line()).isEqualTo("ready");

      Posix.kill(child.pid(), PosixSignal.HUP);
      assertThat(child.line()).isEqualTo("bug: HUP failed");
      Posix.kill(child.pid(), PosixSignal.USR1);
      assertThat(child.line()).isEqualTo("USR1 on signals");
    }
  }

  /// Prints each signal it gets; throws at the one it is given.
  static final class Reacting {
    public static void main(String[] arguments) throws IOException, InterruptedException {
      Map<PosixSignal, Runnable> reactions = new EnumMap<>(PosixSignal.class);
      for (PosixSignal signal : PosixSignal.values()) {
        reactions.put(signal, () -> react(signal, List.of(arguments)));
      }
      Signals.handle(reactions, e -> System.out.println("bug: " + e.getMessage()));
      System.out.println("ready");
      new CountDownLatch(1).await();
    }

    private static void react(PosixSignal signal, List<String> failing) {
      if (failing.contains(signal.name())) {
        throw new IllegalStateException(signal + " failed");
      }
      System.out.println(signal + " on " + Thread.currentThread().getName());
    }
  }
}

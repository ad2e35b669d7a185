package dev.turnout.app;

import dev.turnout.net.PosixSignal;
import dev.turnout.net.SignalPipe;
import java.io.IOException;
import java.util.Map;
import java.util.function.Consumer;

/// The process's reactions to signals, run one after the other on a thread of their own.
public final class Signals {
  private final SignalPipe pipe;
  private final Map<PosixSignal, Runnable> reactions;
  private final Consumer<RuntimeException> bugs;

  private Signals(
      SignalPipe pipe, Map<PosixSignal, Runnable> reactions, Consumer<RuntimeException> bugs) {
    this.pipe = pipe;
    this.reactions = reactions;
    this.bugs = bugs;
  }

  /// From now on runs the reaction to each signal of `reactions`, for as long as the process lives.
  /// What a reaction throws goes to `bugs`, and the next signal is served all the same.
  public static void handle(Map<PosixSignal, Runnable> reactions, Consumer<RuntimeException> bugs)
      throws IOException {
    var signals = new Signals(SignalPipe.of(reactions.keySet()), Map.copyOf(reactions), bugs);
    Thread.ofPlatform().name("signals").daemon().start(signals::run);
  }

  private void run() {
    while (true) {
      PosixSignal signal;
      try {
        signal = pipe.take();
      } catch (IOException e) {
        bugs.accept(new IllegalStateException("the signal pipe cannot be read", e));
        return;
      }
      Runnable reaction = reactions.get(signal);
      if (reaction != null) {
        react(reaction);
      }
    }
  }

  private void react(Runnable reaction) {
    try {
      reaction.run();
    } catch (RuntimeException e) {
      bugs.accept(e);
    }
  }
}

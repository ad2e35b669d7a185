package dev.turnout.net;

import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Work that waits for the file system, done on a virtual thread; its outcome comes back to the
/// loop.
public final class OffLoop {
  private OffLoop() {}

  /// Something that may wait and fail.
  @FunctionalInterface
  public interface Work<T extends @Nullable Object> {
    /// Does it.
    T run() throws IOException;
  }

  /// Runs `work` off the loop, then `then` on it with the result or with what went wrong.
  public static <T extends @Nullable Object> void run(
      Worker worker, Work<T> work, BiConsumer<@Nullable T, @Nullable IOException> then) {
    Thread.ofVirtual()
        .name("off-loop")
        .start(() -> {
          T result = null;
          IOException failure = null;
          try {
            result = work.run();
          } catch (IOException e) {
            failure = e;
          } catch (RuntimeException | Error e) {
            failure = new IOException(e); // whoever waits on the loop is told in any case
          }
          T outcome = result;
          IOException wrong = failure;
          try {
            worker.loop().execute(() -> then.accept(outcome, wrong));
          } catch (RejectedExecutionException _) {
            // the loop has ended, and with it whoever wanted the outcome
          }
        });
  }
}

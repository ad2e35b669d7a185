package dev.turnout.admin;

import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.ChangeWriter;
import dev.turnout.http.Exchange;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/// The way of an exchange's change through the writer and back to the exchange's loop.
final class Submission {
  private Submission() {}

  /// Submits a change; `tell` answers the exchange with what became of it, on its loop, if the
  /// client still waits by then. The change stands whether it does or not.
  static void submit(
      ChangeWriter writer, Exchange exchange, ChangeRequest request, Consumer<ChangeResult> tell) {
    long begun = exchange.begun();
    writer
        .submit(request)
        .whenComplete((result, bug) -> {
          try {
            exchange
                .worker()
                .loop()
                .execute(() -> {
                  if (!exchange.isLive() || exchange.begun() != begun) {
                    return;
                  }
                  if (bug != null) {
                    exchange
                        .engine()
                        .failed(exchange, new IllegalStateException("the change failed", bug));
                  } else {
                    tell.accept(result);
                  }
                });
          } catch (RejectedExecutionException _) {
            // the node has stopped meanwhile
          }
        });
  }
}

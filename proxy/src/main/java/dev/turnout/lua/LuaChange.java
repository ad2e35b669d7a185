package dev.turnout.lua;

import dev.turnout.cluster.Origin;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.Operation;
import dev.turnout.http.Exchange;
import java.util.concurrent.RejectedExecutionException;

/// Changes that scripts ask for: by the one path of all changes. The thread waits until its change
/// is durable and in force on every loop, or refused.
final class LuaChange {
  private LuaChange() {}

  /// Submits a change in the name of the script that runs. Returns what its function returns: the
  /// thread then sees [LuaVm#OK], or [LuaVm#REFUSED] with the reason.
  static int submit(LuaVm vm, Operation operation) {
    Exchange exchange = vm.run().exchange();
    String from = exchange == null ? "" : exchange.clientAddress();
    Origin origin = new Origin("lua", "", "", from);
    LuaWait wait = vm.suspend();
    var loop = vm.run().worker().loop();
    var _ =
        vm.program()
            .writer()
            .submit(ChangeRequest.of(origin, operation))
            .thenAccept(result -> {
              try {
                loop.execute(() -> tell(wait, result));
              } catch (RejectedExecutionException _) {
                // the loop has ended, and with it the script
              }
            });
    return LuaVm.AGAIN;
  }

  private static void tell(LuaWait wait, ChangeResult result) {
    String trouble =
        switch (result) {
          case ChangeResult.Applied _ -> "";
          case ChangeResult.ZoneFull _ -> "no memory";
          case ChangeResult.Refused refused -> refused.message();
          case ChangeResult.StoreFailed failed -> "not stored: " + failed.message();
          case ChangeResult.Unavailable unavailable -> unavailable.message();
        };
    if (trouble.isEmpty()) {
      wait.resume(LuaVm.OK);
    } else {
      wait.resume(LuaVm.REFUSED, vm -> vm.answer(trouble));
    }
  }
}

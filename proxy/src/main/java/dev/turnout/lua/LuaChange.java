package dev.turnout.lua;

import dev.turnout.cluster.Origin;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.Operation;
import dev.turnout.http.Exchange;
import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;

/// A change that a script asks for: by the one path of all changes. The thread waits until it is
/// durable and in force on every loop, or refused. Confined to the loop.
final class LuaChange {
  private final ChangeWriter writer;
  private final Origin origin;
  private final EventLoop loop;
  private final LuaWait wait;

  /// Lets the thread that runs wait for a change.
  LuaChange(LuaVm vm) {
    writer = vm.program().writer();
    origin = origin(vm);
    loop = vm.run().worker().loop();
    wait = vm.suspend();
  }

  private static Origin origin(LuaVm vm) {
    Exchange exchange = vm.run().exchange();
    return new Origin("lua", "", "", exchange == null ? "" : exchange.clientAddress());
  }

  /// Submits a change in the name of the script that runs. Returns what its function returns: the
  /// thread then sees [LuaVm#OK], or [LuaVm#REFUSED] with the reason.
  static int submit(LuaVm vm, Operation operation) {
    new LuaChange(vm).submit(operation);
    return LuaVm.AGAIN;
  }

  /// Submits it.
  void submit(Operation operation) {
    var _ =
        writer
            .submit(ChangeRequest.of(origin, operation))
            .thenAccept(result -> {
              try {
                loop.execute(() -> tell(result));
              } catch (RejectedExecutionException _) {
                // the loop has ended, and with it the script
              }
            });
  }

  /// It was nothing that could be submitted.
  void refused(String why) {
    wait.resume(LuaVm.REFUSED, vm -> vm.answer(why));
  }

  private void tell(ChangeResult result) {
    switch (result) {
      case ChangeResult.Applied _ -> wait.resume(LuaVm.OK);
      case ChangeResult.ZoneFull _ -> refused("no memory");
      case ChangeResult.UnknownUpstream _ -> refused("upstream not found");
      case ChangeResult.Refused why -> refused(why.message());
      case ChangeResult.StoreFailed failed -> refused("not stored: " + failed.message());
      case ChangeResult.Unavailable unavailable -> refused(unavailable.message());
    }
  }
}

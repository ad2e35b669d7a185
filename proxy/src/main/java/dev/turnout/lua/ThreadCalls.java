package dev.turnout.lua;

import dev.turnout.http.Exchange;
import java.lang.invoke.MethodHandles;
import java.util.concurrent.TimeUnit;

/// Light threads, timers and semaphores.
final class ThreadCalls implements LuaPart {
  /// What a thread that was parked is resumed with when its time is over.
  private static final int TIMED_OUT = 3;

  @Override
  public String script() {
    return "thread.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "drop_waits",
        "int(int, int)",
        "capturing",
        "int(int, int)",
        "on_abort",
        "int(int)",
        "work",
        "int(int, const char *, int, const char *, int)",
        "timer",
        "int(int, int, double, int)",
        "timer_count",
        "int(int, int)",
        "park",
        "int(int, double)",
        "unpark",
        "int(int, int)");
  }

  /// A thread is killed: what it waits for is given up.
  static int dropWaits(LuaVm vm, int thread) {
    vm.run().dropWaits(thread);
    return LuaVm.OK;
  }

  /// Whether a thread waits for requests of its own, which cannot be given up.
  static int capturing(LuaVm vm, int thread) {
    return vm.run().isCapturing(thread) ? 1 : 0;
  }

  static int onAbort(LuaVm vm) {
    LuaRun run = vm.run();
    Exchange exchange = run.requireExchange();
    if (run.wantsAbort()) {
      return vm.refuse("duplicate call");
    }
    if (!run.settings(exchange).checksClientAbort()) {
      return vm.refuse("lua_check_client_abort is off");
    }
    run.wantAbort();
    return LuaVm.OK;
  }

  /// Runs a function beside the loops; its values come back packed.
  static int work(LuaVm vm, long pool, int length, long packed, int size) {
    return vm.program().threads().run(vm, vm.text(pool, length), vm.bytes(packed, size));
  }

  static int timer(LuaVm vm, int id, double seconds, int repeats) {
    String trouble = vm.timers().set(vm.run(), id, seconds, repeats != 0);
    return trouble == null ? LuaVm.OK : vm.refuse(trouble);
  }

  static int timerCount(LuaVm vm, int which) {
    return which == 0 ? vm.timers().running() : vm.timers().pending();
  }

  /// The thread waits until another unparks it, at most so long.
  static int park(LuaVm vm, double seconds) {
    LuaWait wait = vm.suspend();
    int key = vm.lastSerial();
    vm.park(key, wait);
    var timer =
        wait.run()
            .worker()
            .loop()
            .schedule(
                () -> {
                  if (vm.unpark(key) != null) {
                    wait.resume(TIMED_OUT);
                  }
                },
                (long) (Math.min(seconds, 1e9) * 1e9),
                TimeUnit.NANOSECONDS);
    wait.onDrop(() -> {
      timer.cancel(false);
      LuaWait _ = vm.unpark(key);
    });
    return LuaVm.AGAIN;
  }

  /// A thread that is parked goes on; [LuaVm#NONE] if it is not any more.
  static int unpark(LuaVm vm, int key) {
    LuaWait wait = vm.unpark(key);
    if (wait == null || wait.isOver()) {
      return LuaVm.NONE;
    }
    vm.later(() -> wait.resume(LuaVm.OK));
    return LuaVm.OK;
  }
}

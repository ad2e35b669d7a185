package dev.turnout.lua;

import dev.turnout.http.Exchange;
import dev.turnout.log.Level;
import dev.turnout.net.ListenAddress;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The timers of one VM (`ngx.timer`). Confined to its loop.
final class LuaTimers {
  private static final String CONTEXT = ", context: ngx.timer";

  private final LuaVm vm;
  private final Map<Integer, Timer> pending = new HashMap<>();
  private int running;

  LuaTimers(LuaVm vm) {
    this.vm = vm;
  }

  /// A timer that has been set.
  private static final class Timer {
    private final int id;
    private final long nanos;
    private final boolean repeats;
    private final String context;
    private @Nullable Runnable cancel;

    Timer(int id, long nanos, boolean repeats, String context) {
      this.id = id;
      this.nanos = nanos;
      this.repeats = repeats;
      this.context = context;
    }
  }

  int pending() {
    return pending.size();
  }

  int running() {
    return running;
  }

  /// Sets a timer; returns why it cannot be, or null.
  @Nullable String set(LuaRun by, int id, double seconds, boolean repeats) {
    if (vm.isEnding() && seconds > 0) {
      return "process exiting";
    }
    if (pending.size() >= vm.program().limits().pendingTimers()) {
      return "too many pending timers";
    }
    Timer timer = new Timer(id, Math.max(0, (long) (seconds * 1e9)), repeats, context(by));
    pending.put(id, timer);
    vm.enterUse();
    schedule(by, timer);
    return null;
  }

  private void schedule(LuaRun by, Timer timer) {
    var future =
        by.worker().loop().schedule(() -> expired(timer, false), timer.nanos, TimeUnit.NANOSECONDS);
    timer.cancel = () -> future.cancel(false);
  }

  private static String context(LuaRun by) {
    Exchange exchange = by.exchange();
    if (exchange == null) {
      return by.phase() == LuaPhase.TIMER ? by.context() : CONTEXT;
    }
    return CONTEXT + ", client: " + exchange.clientAddress() + ", server: " + listened(exchange);
  }

  /// The address that is listened on, where the client may have come by a more special one.
  private static String listened(Exchange exchange) {
    SocketAddress local = exchange.main().downstream().localAddress();
    if (!(local instanceof InetSocketAddress inet)
        || exchange.generation().listens().containsKey(local)) {
      return ListenAddress.text(local);
    }
    boolean v4 = inet.getAddress() instanceof Inet4Address;
    return (v4 ? "0.0.0.0:" : "[::]:") + inet.getPort();
  }

  /// All that are still to come run now, before their time.
  void expireAll() {
    List<Timer> all = new ArrayList<>(pending.values());
    for (Timer timer : all) {
      Runnable cancel = timer.cancel;
      if (cancel != null) {
        cancel.run();
      }
      expired(timer, true);
    }
  }

  private void expired(Timer timer, boolean premature) {
    if (vm.isClosed() || pending.remove(timer.id) == null) {
      return;
    }
    vm.program().log().log(Level.DEBUG, "lua ngx.timer expired");
    LuaRun run = new LuaRun(vm, LuaPhase.TIMER, timer.context);
    run.worker().refreshClock();
    boolean again = timer.repeats && !premature;
    if (again) {
      pending.put(timer.id, timer);
      vm.enterUse();
      schedule(run, timer);
    }
    if (running >= vm.program().limits().runningTimers()) {
      String where = again ? null : vm.forgetTimer(run, timer.id);
      vm.program()
          .log()
          .log(
              Level.ALERT,
              "lua failed to run timer with function defined at "
                  + (where == null ? "(unknown)" : where)
                  + ": "
                  + vm.program().limits().runningTimers()
                  + " lua_max_running_timers are not enough");
      run.release();
      vm.leaveUse();
      return;
    }
    running++;
    run.startTimer(
        timer.id,
        premature,
        () -> {
          running--;
          vm.program().log().log(Level.DEBUG, "http lua close fake http connection");
          run.release();
          vm.leaveUse();
        });
  }
}

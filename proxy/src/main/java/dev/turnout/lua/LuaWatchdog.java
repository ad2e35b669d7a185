package dev.turnout.lua;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/// Stops scripts that keep their loop too long, or take too much memory: a thread that looks at the
/// VMs of one configuration every few milliseconds. It is there only if the configuration has a
/// limit.
final class LuaWatchdog {
  private static final long PERIOD_NANOS = 5_000_000;

  private final LuaLimits limits;
  private final Set<LuaVm> vms = ConcurrentHashMap.newKeySet();
  private boolean started;

  LuaWatchdog(LuaLimits limits) {
    this.limits = limits;
  }

  /// Looks after this one, too.
  synchronized void add(LuaVm vm) {
    vms.add(vm);
    if (!started) {
      started = true;
      Thread.ofPlatform().name("lua-watchdog").daemon().start(this::run);
    }
  }

  void forget(LuaVm vm) {
    vms.remove(vm);
  }

  private void run() {
    while (true) {
      LockSupport.parkNanos(PERIOD_NANOS);
      synchronized (this) {
        if (vms.isEmpty()) {
          started = false;
          return;
        }
      }
      long now = System.nanoTime();
      for (LuaVm vm : vms) {
        vm.watch(limits, now);
      }
    }
  }
}

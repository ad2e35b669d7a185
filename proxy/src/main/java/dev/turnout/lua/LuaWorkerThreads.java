package dev.turnout.lua;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Functions of modules that run beside the loops (`ngx.run_worker_thread`), each in a Lua of its
/// own, on the threads of a `thread_pool`. Its monitor guards which VMs there are; a VM is used by
/// one thread at a time.
final class LuaWorkerThreads {
  /// As the loops have it: scripts may nest deeply.
  private static final long STACK = 64L << 20;

  /// What a VM has in use beyond this is collected before it is used again.
  private static final long KEPT_BYTES = 1 << 20;

  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final LuaProgram program;
  private final Map<String, ThreadPoolExecutor> pools = new HashMap<>();
  private final ArrayDeque<LuaVm> idle = new ArrayDeque<>();
  private final int most;
  private int taken;
  private boolean closed;

  /// @param declared how many threads each `thread_pool` has
  /// @param most `lua_worker_thread_vm_pool_size`
  LuaWorkerThreads(LuaProgram program, Map<String, Integer> declared, int most) {
    this.program = program;
    this.most = most;
    declared.forEach((name, threads) -> pools.put(name, pool(threads)));
  }

  private static ThreadPoolExecutor pool(int threads) {
    ThreadFactory factory =
        Thread.ofPlatform()
            .daemon()
            .name("lua-thread-" + NUMBER.incrementAndGet() + "-", 0)
            .stackSize(STACK)
            .factory();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads, threads, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(65536), factory);
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /// Runs what is packed in `work` for the script that runs in `vm`; returns what its function
  /// returns.
  int run(LuaVm vm, String name, byte[] work) {
    ThreadPoolExecutor pool = pools.get(name);
    if (pool == null) {
      return vm.refuse("thread pool " + name + " not found");
    }
    if (!take()) {
      return vm.refuse("no available Lua vm");
    }
    LuaWait wait = vm.suspend();
    var loop = wait.run().worker().loop();
    try {
      pool.execute(() -> {
        Outcome outcome = outcome(work);
        try {
          loop.execute(() -> {
            wait.run().worker().refreshClock();
            wait.resume(outcome.fine() ? LuaVm.OK : LuaVm.REFUSED, v -> v.answer(outcome.text()));
          });
        } catch (RejectedExecutionException _) {
          // the loop has ended, and with it the script
        }
      });
    } catch (RejectedExecutionException _) {
      giveBack(null);
      vm.later(() -> wait.resume(LuaVm.REFUSED, v -> v.answer("ngx_thread_task_post failed")));
    }
    return LuaVm.AGAIN;
  }

  /// What a function came to.
  ///
  /// @param text its values, packed; or why there are none
  private record Outcome(boolean fine, String text) {}

  private Outcome outcome(byte[] work) {
    LuaVm vm = idle();
    try {
      if (vm == null) {
        vm = new LuaVm(program, null);
      }
      LuaRun run = new LuaRun(vm, LuaPhase.INIT, ", context: ngx.run_worker_thread");
      try {
        boolean fine = vm.work(run, work);
        String text = vm.result();
        return new Outcome(fine, text == null ? "" : text);
      } finally {
        run.release();
        if (vm.bytesInUse() > KEPT_BYTES) {
          vm.collect();
        }
      }
    } catch (RuntimeException e) {
      return new Outcome(false, String.valueOf(e.getMessage()));
    } finally {
      giveBack(vm);
    }
  }

  private synchronized boolean take() {
    if (closed || taken >= most) {
      return false;
    }
    taken++;
    return true;
  }

  private synchronized @Nullable LuaVm idle() {
    return idle.poll();
  }

  /// @param vm null if it was not made
  private void giveBack(@Nullable LuaVm vm) {
    boolean keep;
    synchronized (this) {
      taken--;
      keep = !closed;
      if (keep && vm != null) {
        idle.push(vm);
      }
    }
    if (!keep && vm != null) {
      vm.close();
    }
  }

  /// The configuration is over: what runs still ends, and nothing else begins.
  void close() {
    ArrayDeque<LuaVm> unused;
    synchronized (this) {
      closed = true;
      unused = new ArrayDeque<>(idle);
      idle.clear();
    }
    unused.forEach(LuaVm::close);
    pools.values().forEach(ThreadPoolExecutor::shutdown);
  }
}

package dev.turnout.lua;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A thread of a script that waits for something: resumed once, or dropped with its request.
/// Confined to the VM's loop.
public final class LuaWait {
  private final LuaVm vm;
  private final LuaRun run;
  private final int thread;
  private final int serial;
  private @Nullable Runnable onDrop;
  private boolean over;
  private boolean capture;

  LuaWait(LuaVm vm, LuaRun run, int thread, int serial) {
    this.vm = vm;
    this.run = run;
    this.thread = thread;
    this.serial = serial;
  }

  /// What to do if the thread is given up before it is resumed, such as cancelling a timer.
  public LuaWait onDrop(Runnable cleanup) {
    onDrop = cleanup;
    return this;
  }

  /// Whose thread it is.
  public LuaRun run() {
    return run;
  }

  /// True once it has been resumed or dropped.
  public boolean isOver() {
    return over;
  }

  /// Resumes the thread: the function that it waits in sees `code` as if it had been returned at
  /// once. Never from within Lua: while it runs, this waits for it to return.
  public void resume(int code) {
    resume(code, _ -> {});
  }

  /// Resumes the thread with a result, which `fill` gives just before.
  public void resume(int code, Consumer<LuaVm> fill) {
    if (over) {
      return;
    }
    if (vm.isInside()) {
      vm.later(() -> resume(code, fill));
      return;
    }
    over = true;
    run.waitsNoMore(this);
    run.resume(vm, thread, serial, code, fill);
  }

  /// The thread is given up.
  void drop() {
    if (!over) {
      over = true;
      Runnable cleanup = onDrop;
      if (cleanup != null) {
        cleanup.run();
      }
    }
  }

  int thread() {
    return thread;
  }

  /// It waits for requests of its own.
  void isCapture() {
    capture = true;
  }

  boolean waitsForCapture() {
    return capture;
  }
}

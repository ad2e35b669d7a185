package dev.turnout.lua;

import dev.turnout.log.Level;
import java.lang.invoke.MethodHandles;

/// The log, and what the VM itself needs.
final class LogCalls implements LuaPart {
  private static final Level[] LEVELS = Level.values();

  @Override
  public String script() {
    return "ngx.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "log",
        "int(int, int, const char *, int)",
        "logged",
        "int(int, int)",
        "result",
        "int(int, const char *, int)",
        "argument",
        "int(int, int)",
        "process",
        "int(int, int)");
  }

  /// nginx counts from 0, for what always goes to standard error.
  private static Level level(int number) {
    return LEVELS[Math.max(0, Math.min(number, LEVELS.length) - 1)];
  }

  static int log(LuaVm vm, int level, long text, int length) {
    vm.run().log(level(level), vm.text(text, length));
    return LuaVm.OK;
  }

  static int logged(LuaVm vm, int level) {
    return vm.run().isLogged(level(level)) ? 1 : 0;
  }

  static int result(LuaVm vm, long text, int length) {
    vm.result(vm.text(text, length));
    return LuaVm.OK;
  }

  static int argument(LuaVm vm, int i) {
    return vm.answerOrNone(vm.run().argument(i));
  }

  /// What is known of the process: its id, its loops, this loop, whether it ends.
  static int process(LuaVm vm, int what) {
    return switch (what) {
      case 0 -> (int) ProcessHandle.current().pid();
      case 1 -> vm.program().http().environment().workers().serving().size();
      case 2 -> vm.run().phase() == LuaPhase.INIT ? -1 : vm.run().worker().index();
      case 3 -> vm.isEnding() ? 1 : 0;
      default -> throw new IllegalArgumentException("nothing is known as " + what);
    };
  }
}

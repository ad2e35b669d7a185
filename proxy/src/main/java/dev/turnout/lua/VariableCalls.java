package dev.turnout.lua;

import dev.turnout.http.Exchange;
import dev.turnout.http.Variable;
import dev.turnout.http.Variables;
import java.lang.invoke.MethodHandles;
import org.jspecify.annotations.Nullable;

/// `ngx.var`.
final class VariableCalls implements LuaPart {
  @Override
  public String script() {
    return "var.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "var_id",
        "int(int, const char *, int)",
        "var_get",
        "int(int, int)",
        "var_named",
        "int(int, const char *, int)",
        "var_set",
        "int(int, const char *, int, const char *, int)",
        "capture",
        "int(int, int)");
  }

  /// A number to ask for the variable by, or -1.
  static int varId(LuaVm vm, long name, int length) {
    return vm.names().number(vm.text(name, length));
  }

  static int varGet(LuaVm vm, int id) {
    return value(vm, vm.names().numbered(id));
  }

  static int varNamed(LuaVm vm, long name, int length) {
    return value(vm, vm.names().named(vm.text(name, length)));
  }

  private static int value(LuaVm vm, @Nullable Variable variable) {
    Exchange exchange = vm.run().requireExchange();
    return variable == null ? LuaVm.NONE : vm.answerOrNone(variable.value(exchange));
  }

  /// Assigns; a negative length is for nil.
  static int varSet(LuaVm vm, long name, int length, long value, int valueLength) {
    String called = vm.text(name, length);
    Variables.Setter setter = vm.names().setter(called);
    if (setter == null) {
      throw new LuaError(
          vm.names().isUnknown(called)
              ? "variable \""
                  + called
                  + "\" not found for writing; maybe it is a built-in variable that is not"
                  + " changeable or you forgot to use \"set $"
                  + called
                  + " '';\" in the config file to define it first"
              : "variable \"" + called + "\" not changeable");
    }
    Exchange exchange = vm.run().requireExchange();
    if (valueLength < 0) {
      setter.unset(exchange);
    } else {
      setter.set(exchange, vm.text(value, valueLength));
    }
    return LuaVm.OK;
  }

  static int capture(LuaVm vm, int group) {
    return vm.answerOrNone(group <= 0 ? null : vm.run().requireExchange().capture(group));
  }
}

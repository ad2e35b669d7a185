package dev.turnout.lua;

import dev.turnout.http.Exchange;
import dev.turnout.http.UriPath;
import dev.turnout.log.Level;
import java.lang.invoke.MethodHandles;

/// `ngx.location.capture` and `capture_multi`.
final class CaptureCalls implements LuaPart {
  @Override
  public String script() {
    return "capture.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "capture_begin",
        "int(int)",
        "capture_add",
        "int(int, const char *, int, const char *, int, int)",
        "capture_args",
        "int(int, const char *, int)",
        "capture_body",
        "int(int, const char *, int)",
        "capture_pair",
        "int(int, int, const char *, int, const char *, int)",
        "capture_run",
        "int(int)",
        "capture_select",
        "int(int, int)",
        "capture_status",
        "int(int, int)",
        "capture_fields",
        "int(int, int)",
        "capture_text",
        "int(int, int)",
        "capture_end",
        "int(int, int)");
  }

  static int captureBegin(LuaVm vm) {
    vm.run().requireExchange();
    vm.run().capture(new LuaCapture(vm.run()));
    return LuaVm.OK;
  }

  static int captureAdd(LuaVm vm, long uri, int length, long method, int methodLength, int flags) {
    String target = vm.text(uri, length);
    UriPath parsed = UriPath.ofInternal(target);
    if (parsed == null) {
      Exchange exchange = vm.run().requireExchange();
      exchange.log(dev.turnout.log.Level.ERROR, "unsafe URI \"" + target + "\" was detected");
      throw new LuaError("unsafe uri in argument #1: " + target);
    }
    int context = (flags & LuaCapture.OWN_CONTEXT) != 0 ? vm.newRun() : 0;
    LuaCapture capture = vm.run().capture();
    capture.add(
        capture
        .new One(parsed.path(), parsed.args(), vm.text(method, methodLength), flags, context));
    vm.also(context);
    return LuaVm.OK;
  }

  static int captureArgs(LuaVm vm, long args, int length) {
    vm.run().capture().last().args(vm.text(args, length));
    return LuaVm.OK;
  }

  static int captureBody(LuaVm vm, long body, int length) {
    vm.run().capture().last().body(vm.bytes(body, length));
    return LuaVm.OK;
  }

  /// Kinds: 0 a variable, others a field.
  static int capturePair(LuaVm vm, int kind, long name, int length, long value, int valueLength) {
    LuaCapture.One one = vm.run().capture().last();
    if (kind == 0) {
      String called = vm.text(name, length);
      if (vm.names().setter(called) == null) {
        boolean isKnown = vm.names().named(called) != null;
        vm.run()
            .log(
                Level.ERROR,
                "variable \""
                    + called
                    + (isKnown
                        ? "\" not changeable"
                        : "\" cannot be assigned a value (maybe you forgot to define it first?) "));
        throw new LuaError("failed to issue subrequest: " + (isKnown ? 500 : -1));
      }
      one.variable(called, vm.text(value, valueLength));
    } else {
      one.field(vm.text(name, length), vm.text(value, valueLength));
    }
    return LuaVm.OK;
  }

  static int captureRun(LuaVm vm) {
    LuaCapture capture = vm.run().capture();
    LuaWait wait = vm.suspend();
    wait.isCapture();
    vm.later(() -> {
      if (!wait.isOver()) {
        wait.run().requireExchange().guarded(() -> capture.start(wait));
      }
    });
    return LuaVm.AGAIN;
  }

  /// The answers of the capture with this handle are asked for next.
  static int captureSelect(LuaVm vm, int handle) {
    vm.run().selectCapture(handle);
    return LuaVm.OK;
  }

  static int captureStatus(LuaVm vm, int i) {
    LuaCapture capture = vm.run().capture();
    vm.also(capture.isTruncated(i) ? 1 : 0);
    return capture.status(i);
  }

  static int captureFields(LuaVm vm, int i) {
    return vm.answer(vm.run().capture().head(i));
  }

  static int captureText(LuaVm vm, int i) {
    return vm.answer(vm.run().capture().text(i));
  }

  static int captureEnd(LuaVm vm, int handle) {
    vm.run().endCapture(handle);
    return LuaVm.OK;
  }
}

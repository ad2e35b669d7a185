package dev.turnout.lua;

import dev.turnout.http.Exchange;
import dev.turnout.http.Status;
import dev.turnout.http.UriPath;
import dev.turnout.log.Level;
import java.lang.invoke.MethodHandles;

/// Where a request goes: `ngx.exit`, `ngx.exec`, `ngx.redirect`.
final class ControlCalls implements LuaPart {
  @Override
  public String script() {
    return "control.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "exit",
        "int(int, int)",
        "exec",
        "int(int, const char *, int, const char *, int)",
        "redirect",
        "int(int, const char *, int, int)");
  }

  static int exit(LuaVm vm, int code) {
    LuaRun run = vm.run();
    if (code != -1 && code != 408 && code != Status.CLOSE && code != Status.CLIENT_CLOSED) {
      abortable(run);
    }
    int status = code;
    if (run.exchange() != null
        && run.isHeadOut()
        && run.phase() != LuaPhase.HEADER_FILTER
        && code >= 300
        && code != 408
        && code != 499
        && code != 444) {
      int sent = run.requireExchange().response().status();
      if (code != sent) {
        run.log(
            Level.ERROR,
            "attempt to set status "
                + code
                + " via ngx.exit after sending out the response status "
                + sent);
      }
      status = 200;
    }
    run.exitWith(status);
    return LuaVm.OK;
  }

  /// What else a request does is not cut off while requests of its own are under way.
  static void abortable(LuaRun run) {
    if (run.isCapturing()) {
      throw new LuaError("attempt to abort with pending subrequests");
    }
  }

  /// An internal redirect; a negative length of the arguments is for none.
  static int exec(LuaVm vm, long path, int length, long args, int argsLength) {
    LuaRun run = vm.run();
    Exchange exchange = run.requireExchange();
    abortable(run);
    String target = vm.text(path, length);
    String more = argsLength < 0 ? "" : vm.text(args, argsLength);
    if (run.isHeadOut()) {
      throw new LuaError("attempt to call ngx.exec after sending out response headers");
    }
    if (target.startsWith("@")) {
      int question = target.indexOf('?');
      if (question >= 0) {
        target = target.substring(0, question);
      }
      if (!more.isEmpty()) {
        run.log(
            Level.WARN,
            "query strings " + more + " ignored when exec'ing named location " + target);
      }
      run.exec(target, exchange.args());
      return LuaVm.OK;
    }
    UriPath parsed = UriPath.ofInternal(target);
    if (parsed == null) {
      exchange.log(Level.ERROR, "unsafe URI \"" + target + "\" was detected");
      throw new LuaError("unsafe uri");
    }
    String own = parsed.args();
    String joined = own == null || own.isEmpty() ? more : more.isEmpty() ? own : own + "&" + more;
    run.exec(parsed.path(), joined.isEmpty() ? null : joined);
    return LuaVm.OK;
  }

  static int redirect(LuaVm vm, long uri, int length, int status) {
    LuaRun run = vm.run();
    Exchange exchange = run.requireExchange();
    abortable(run);
    if (run.isHeadOut()) {
      throw new LuaError("attempt to call ngx.redirect after sending out the headers");
    }
    String target = vm.text(uri, length);
    if (target.startsWith("/")) {
      exchange.response().headers().add("Location", target); // as it is, without a host
    } else {
      exchange.response().location(target);
    }
    run.redirect(status);
    return LuaVm.OK;
  }
}

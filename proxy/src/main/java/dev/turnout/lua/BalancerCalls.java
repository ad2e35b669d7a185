package dev.turnout.lua;

import dev.turnout.http.PeerChooser;
import java.lang.invoke.MethodHandles;

/// `ngx.balancer`: what a script of `balancer_by_lua` says.
final class BalancerCalls implements LuaPart {
  @Override
  public String script() {
    return "balancer.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(
        MethodHandles.lookup(),
        "balancer_peer",
        "int(int, const char *, int, int)",
        "balancer_keepalive",
        "int(int, double, int)",
        "balancer_tries",
        "int(int, int)",
        "balancer_failure",
        "int(int)",
        "balancer_timeouts",
        "int(int, double, double, double)");
  }

  static int balancerPeer(LuaVm vm, long host, int length, int port) {
    String trouble = vm.run().balancer().server(vm.text(host, length), port);
    return trouble == null ? LuaVm.OK : vm.refuse(trouble);
  }

  static int balancerKeepalive(LuaVm vm, double idleMillis, int requests) {
    vm.run().balancer().keepalive((long) idleMillis, requests);
    return LuaVm.OK;
  }

  static int balancerTries(LuaVm vm, int count) {
    return vm.run().balancer().moreTries(count) ? LuaVm.NONE : LuaVm.OK;
  }

  /// 0 for the first attempt, else 2 for "next" and 4 for "failed", with the status beside it.
  static int balancerFailure(LuaVm vm) {
    PeerChooser.Situation situation = vm.run().balancer().situation();
    vm.also(situation.lastStatus());
    return situation.attempts() == 0 ? 0 : situation.lastNeutral() ? 2 : 4;
  }

  static int balancerTimeouts(LuaVm vm, double connect, double send, double read) {
    vm.run().balancer().timeouts((long) connect, (long) send, (long) read);
    return LuaVm.OK;
  }
}

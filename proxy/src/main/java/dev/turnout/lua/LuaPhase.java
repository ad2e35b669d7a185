package dev.turnout.lua;

/// Where a script runs, with OpenResty's names and bits.
public enum LuaPhase {
  SET(0x1, "set_by_lua"),
  REWRITE(0x2, "rewrite_by_lua"),
  ACCESS(0x4, "access_by_lua"),
  CONTENT(0x8, "content_by_lua"),
  LOG(0x10, "log_by_lua"),
  HEADER_FILTER(0x20, "header_filter_by_lua"),
  BODY_FILTER(0x40, "body_filter_by_lua"),
  TIMER(0x80, "ngx.timer"),
  INIT_WORKER(0x100, "init_worker_by_lua"),
  BALANCER(0x200, "balancer_by_lua"),
  EXIT_WORKER(0x2000, "exit_worker_by_lua"),
  SERVER_REWRITE(0x8000, "server_rewrite_by_lua"),
  PRECONTENT(0x20000, "precontent_by_lua"),
  INIT(0x1000000, "init_by_lua");

  private final int bit;
  private final String directive;

  LuaPhase(int bit, String directive) {
    this.bit = bit;
    this.directive = directive;
  }

  int bit() {
    return bit;
  }

  /// True if its scripts may wait.
  boolean mayWait() {
    return switch (this) {
      case REWRITE, SERVER_REWRITE, ACCESS, PRECONTENT, CONTENT, TIMER -> true;
      default -> false;
    };
  }

  /// The directive that gives it scripts, without `_block` and the like.
  public String directive() {
    return directive;
  }
}
